"""Daemons in their own processes, and the client of ops."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import ops.pebble
import pytest

Start = Callable[..., ops.pebble.Client]


def answers(client: ops.pebble.Client) -> bool:
    try:
        client.get_system_info()
    except ops.pebble.ConnectionError:
        return False
    return True


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder with a short path, as a unix socket requires."""
    with tempfile.TemporaryDirectory(prefix="pebble-") as path:
        (Path(path) / "layers").mkdir()
        yield Path(path)


class Forge:
    """One process that has imported everything, and forks daemons, which is faster than to start each."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("pebble_forge.py")
        command = [sys.executable, str(script)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._running: set[int] = set()

    def start(self, arguments: Sequence[str], folder: Path) -> None:
        request = {
            "arguments": arguments,
            "environment": {**os.environ, "HOME": str(folder)},
            "folder": str(folder),
            "log": str(folder / "log"),
            "uid": 0,
        }
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        self._running.add(self._wait_for("started"))

    def _wait_for(self, key: str) -> int:
        assert self._process.stdout is not None
        while True:
            message = json.loads(self._process.stdout.readline())
            if key in message:
                return message[key]

    def stop_all(self) -> None:
        for pid in self._running:
            os.kill(pid, signal.SIGTERM)
        while self._running:
            self._running.discard(self._wait_for("ended"))

    def close(self) -> None:
        with self._process:
            assert self._process.stdin is not None
            self._process.stdin.close()


@pytest.fixture(scope="session")
def forge() -> Iterator[Forge]:
    opened = Forge()
    yield opened
    opened.close()


@pytest.fixture
def daemons() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Yield a list for the daemons that a test starts, and stop them."""
    running: list[subprocess.Popen[bytes]] = []
    yield running
    for daemon in running:
        if daemon.poll() is None:  # the whole group: unshare does not pass signals on
            os.killpg(daemon.pid, signal.SIGTERM)
    for daemon in running:
        daemon.wait(15)


@pytest.fixture
def start(folder: Path, daemons: list[subprocess.Popen[bytes]], forge: Forge) -> Iterator[Start]:
    """Return a function that starts a daemon, possibly through another program, and waits until it answers."""

    def begin(*, prefix: Sequence[str] = (), hold: bool = True) -> ops.pebble.Client:
        socket = folder / "socket"
        paths = ["--socket", str(socket), "--layers", str(folder / "layers")]
        arguments = ["run", *paths, *(["--hold"] if hold else [])]
        if prefix:
            command = [*prefix, sys.executable, "-m", "paas_local.pebble", *arguments]
            environment = {**os.environ, "HOME": str(folder)}
            daemons.append(subprocess.Popen(command, env=environment, start_new_session=True))
        else:
            forge.start(arguments, folder)
        client = ops.pebble.Client(str(socket))
        deadline = time.monotonic() + 20
        while not answers(client):
            assert time.monotonic() < deadline
            assert all(daemon.poll() is None for daemon in daemons)
            time.sleep(0.02)
        return client

    yield begin
    forge.stop_all()


@pytest.fixture
def client(start: Start) -> ops.pebble.Client:
    return start()
