"""An application's folder, and a uv that installs nothing."""

from pathlib import Path

import pytest
import uv_program


@pytest.fixture
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> uv_program.Uv:
    return uv_program.install(tmp_path, monkeypatch)


@pytest.fixture
def source(tmp_path: Path, uv: uv_program.Uv) -> Path:
    return tmp_path / "source"
