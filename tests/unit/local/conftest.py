"""Fixtures: a home folder for each test, and a fake background process."""

from collections.abc import Callable, Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner, Result
from fake_daemon import FakeDaemon, serving
from paas_local.cli import main


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """Yield a home whose path is short enough for a unix socket; pytest's folders are too long."""
    with TemporaryDirectory(prefix="paas-") as folder:
        monkeypatch.setenv("PAAS_LOCAL_HOME", folder)
        monkeypatch.delenv("JUJU_MODEL", raising=False)
        monkeypatch.delenv("PAAS_LOCAL_PEBBLE", raising=False)
        yield Path(folder)


@pytest.fixture
def daemon(home: Path) -> Generator[FakeDaemon]:
    """Yield a fake daemon that listens in the test's home."""
    fake = FakeDaemon(home=home)
    with serving(fake):
        yield fake


@pytest.fixture
def run(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Return a function that runs a command line in an empty folder; ``demo`` is the current model."""
    (home / "current-model").write_text("demo\n")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def paas_local(*words: str) -> Result:
        return CliRunner().invoke(main.main, words, prog_name="paas-local")

    return paas_local
