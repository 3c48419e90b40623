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

SLOW_DAEMON = DAEMON.replace('(home / "daemon.sock").touch()', "")
BROKEN_DAEMON = """
import pathlib, sys, time
home = pathlib.Path(sys.argv[1])
with (home / "starts").open("a") as starts:
    starts.write("started\\n")
if (home / "starts").read_text().count("started") < 4:
    raise SystemExit(1)
(home / "daemon.sock").touch()
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

    def launcher(self) -> list[int]:
        """Return the launcher and the processes that made its namespaces, the oldest first."""
        done = subprocess.run(["pgrep", "-f", f"{self.home}/run/pods"], capture_output=True, text=True, check=False)
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


@pytest.mark.parametrize("victim", ["paas_local.pods.host_gateway", "paas_local.pods.namespace_join"])
def test_a_killed_process_is_started_again(supervised: Supervised, victim: str) -> None:
    before = supervised.processes("python")
    launcher = supervised.launcher()

    os.kill(supervised.processes(victim)[0], signal.SIGKILL)

    assert eventually(lambda: supervised.starts() == 2)
    assert set(before) & set(supervised.processes("python")) == {supervised.process.pid}
    assert supervised.launcher() == launcher
    assert len(launcher) == 3


@pytest.mark.parametrize("number", [0, 1, 2])
def test_everything_is_started_again_after_the_launcher_was_killed(supervised: Supervised, number: int) -> None:
    before = {*supervised.processes("python"), *supervised.launcher()}

    os.kill(supervised.launcher()[number], signal.SIGKILL)

    assert eventually(lambda: supervised.starts() == 2)
    assert len(supervised.launcher()) == 3
    assert before & {*supervised.processes("python"), *supervised.launcher()} == {supervised.process.pid}


def test_the_launcher_outlives_a_controller_that_is_killed_before_it_is_ready(supervised: Supervised) -> None:
    launcher = supervised.launcher()
    (supervised.home / "daemon.py").write_text(SLOW_DAEMON)
    os.kill(supervised.processes("paas_local.pods.host_gateway")[0], signal.SIGKILL)
    assert eventually(lambda: supervised.starts() == 2)

    os.kill(supervised.processes("paas_local.pods.namespace_join")[0], signal.SIGKILL)

    assert eventually(lambda: supervised.starts() == 3)
    assert supervised.launcher() == launcher


def test_a_controller_that_never_gets_ready_again_gets_a_new_launcher(supervised: Supervised) -> None:
    launcher = supervised.launcher()
    (supervised.home / "daemon.py").write_text(BROKEN_DAEMON)

    os.kill(supervised.processes("paas_local.pods.host_gateway")[0], signal.SIGKILL)

    assert eventually(lambda: supervised.starts() == 4)
    assert len(supervised.launcher()) == 3
    assert not set(launcher) & set(supervised.launcher())


def test_everything_runs_on_when_the_supervisor_is_killed(supervised: Supervised) -> None:
    rest = set(supervised.processes("python")) - {supervised.process.pid}

    supervised.process.kill()
    supervised.process.wait()

    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(supervised.home / "run" / "host"))
    assert set(supervised.processes("python")) == rest
    assert len(supervised.launcher()) == 3


def test_nothing_runs_on_when_the_supervisor_and_the_gateway_are_killed(supervised: Supervised) -> None:
    (gateway,) = supervised.processes("paas_local.pods.host_gateway")
    supervised.process.kill()
    supervised.process.wait()

    os.kill(gateway, signal.SIGKILL)

    assert eventually(lambda: not supervised.processes("python") and not supervised.launcher())


def test_a_stopped_supervisor_leaves_no_process(supervised: Supervised) -> None:
    supervised.process.terminate()
    supervised.process.wait(20)

    assert eventually(lambda: not supervised.processes("python"))
    assert not supervised.launcher()
    assert supervised.starts() == 1


def test_a_program_that_never_gets_ready_is_not_started_again(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "raise SystemExit(7)"]
    command = [sys.executable, "-I", "-m", "paas_local.pods.supervisor", "--", *program]

    done = subprocess.run(command, env={**os.environ, "PAAS_LOCAL_HOME": str(tmp_path)}, timeout=30, check=False)

    assert done.returncode == 7
