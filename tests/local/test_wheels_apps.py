"""The test application in each framework's wheel becomes an image, and serves with only a charm's variables."""

import contextlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from paas_local.build import go_build, rocks

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep images here; uv and Go keep their own caches, so that nothing is downloaded or compiled twice."""
    monkeypatch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv"))
    where = subprocess.run([go_build.find_go(), "env", "GOCACHE"], capture_output=True, text=True, check=True)
    monkeypatch.setenv("GOCACHE", where.stdout.strip())
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def image(wheels: Path, framework: str, folder: Path) -> rocks.Rock:
    """Build the image of the application in the wheel."""
    (wheel,) = wheels.glob(f"paas_{framework}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return rocks.build(folder / f"paas_{framework}" / "testapp", lambda _: None)


@contextlib.contextmanager
def serving(words: list[str], folder: Path, environment: dict[str, str]) -> Generator[None]:
    with subprocess.Popen(words, cwd=folder, env=environment) as process:
        try:
            yield
        finally:
            process.terminate()


def answer(port: int, path: str) -> Any:
    """Send one request; return None if no server listens."""
    with (
        contextlib.suppress(urllib.error.URLError, ConnectionError),
        urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response,
    ):
        return json.load(response)
    return None


def ask(port: int, path: str) -> Any:
    deadline = time.monotonic() + PATIENCE
    while (document := answer(port, path)) is None:
        assert time.monotonic() < deadline, f"no server answers on {port}"
        time.sleep(0.2)
    return document


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.mark.parametrize("framework", ["flask", "django", "fastapi", "go"])
def test_the_application_serves_and_lists_its_variables(wheels: Path, tmp_path: Path, framework: str):
    rock = image(wheels, framework, tmp_path / "wheel")
    places = {mount.target: mount.source for mount in rock.mounts}
    python = str(rock.python / "bin/python") if rock.python else ""
    port = free_port()
    gunicorn = [python, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}"]
    words, folder, environment = {
        "flask": lambda: ([*gunicorn, "app:app"], places["/flask"] / "app", {"FLASK_SECRET_KEY": "hidden"}),
        "django": lambda: (
            [*gunicorn, "django_test.wsgi:application"],
            places["/django"] / "app",
            {"DJANGO_SECRET_KEY": "hidden"},
        ),
        "fastapi": lambda: (
            [python, "-m", "uvicorn", "app:app"],
            places["/app"],
            {"APP_SECRET_KEY": "hidden", "UVICORN_PORT": str(port)},
        ),
        "go": lambda: (
            [str(places["/usr/local/bin/go-test"])],
            tmp_path,
            {"APP_SECRET_KEY": "hidden", "APP_PORT": str(port)},
        ),
    }[framework]()

    with serving(words, folder, environment):
        health, names = ask(port, "/health"), ask(port, "/")

    assert health == {"status": "ok"}
    assert set(environment) <= set(names)
    assert "hidden" not in json.dumps(names)
