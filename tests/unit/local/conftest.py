"""Fixtures: a home folder for each test, and a fake background process."""

from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fake_daemon import FakeDaemon, serving


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
