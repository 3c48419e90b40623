"""The supervisor: what it starts again after a process was killed, and what ends with it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

DAEMON = """
import pathlib, sys, time
home = pathlib.Path(sys.argv[1])
(home / "daemon.sock").touch()
with (home / "starts").open("a") as starts:
    starts.write("started\\n")
time.sleep(100)
"""


def eventually(condition: Callable[[], object]) -> bool:
    for _ in range(400):
        if condition():
            return True
        time.sleep(0.05)
    return False


class Supervised:
    """The processes of one home."""

    def __init__(self, home: Path, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.home = home

    def starts(self) -> int:
        file = self.home / "starts"
        return file.read_text().count("started") if file.exists() else 0

    def processes(self, module: str) -> list[int]:
        """Return the processes that run a module, the oldest first."""
        done = subprocess.run(["pgrep", "-f", f"{module}.* {self.home}$"], capture_output=True, text=True, check=False)
        return sorted(map(int, done.stdout.split()))


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    (tmp_path / "daemon.py").write_text(DAEMON)
    command = [sys.executable, "-I", "-m", "paas_local.pods.supervisor", "--"]
    command += [sys.executable, str(tmp_path / "daemon.py"), str(tmp_path)]
    environment = {**os.environ, "PAAS_LOCAL_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        supervised = Supervised(tmp_path, process)
        assert eventually(lambda: supervised.starts() == 1)
        yield supervised
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("victim", ["paas_local.pods.host_gateway", "paas_local.pods.namespace_init"])
def test_a_killed_process_is_started_again(supervised: Supervised, victim: str) -> None:
    before = supervised.processes("python")

    os.kill(supervised.processes(victim)[0], signal.SIGKILL)

    assert eventually(lambda: supervised.starts() == 2)
    assert set(before) & set(supervised.processes("python")) == {supervised.process.pid}


def test_everything_runs_on_when_the_supervisor_is_killed(supervised: Supervised) -> None:
    rest = set(supervised.processes("python")) - {supervised.process.pid}

    supervised.process.kill()
    supervised.process.wait()

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(supervised.home / "run" / "host"))
    assert set(supervised.processes("python")) == rest


def test_a_stopped_supervisor_leaves_no_process(supervised: Supervised) -> None:
    supervised.process.terminate()
    supervised.process.wait(20)

    assert eventually(lambda: not supervised.processes("python"))
    assert supervised.starts() == 1


def test_a_program_that_never_gets_ready_is_not_started_again(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "raise SystemExit(7)"]
    command = [sys.executable, "-I", "-m", "paas_local.pods.supervisor", "--", *program]

    done = subprocess.run(command, env={**os.environ, "PAAS_LOCAL_HOME": str(tmp_path)}, timeout=30, check=False)

    assert done.returncode == 7
