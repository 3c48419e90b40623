"""The host process and the daemon end together; the launcher, in whose namespaces the daemon runs, outlives them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from paas_local.pods.supervisor import LauncherProcess

DAEMON = """
import os, pathlib, subprocess, sys, time
folder = pathlib.Path(sys.argv[1])
subprocess.Popen(["sh", "-c", "sleep 0 & exec sleep 0.1"]).wait()
(folder / "started").write_text(str(os.getpid()))
time.sleep(100)
"""


def eventually(condition: Callable[[], object]) -> bool:
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


def processes(folder: Path) -> list[int]:
    """Return the process that joins the namespaces and the daemon: their arguments name the folder."""
    done = subprocess.run(["ps", "axww", "-o", "pid=,args="], capture_output=True, text=True, check=True)
    lines = [
        line for line in done.stdout.splitlines() if str(folder) in line and "paas_local.pods.host_gateway" not in line
    ]
    return [int(line.split()[0]) for line in lines]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "daemon.py").write_text(DAEMON)
    return tmp_path


@pytest.fixture
def launcher() -> Iterator[LauncherProcess]:
    with TemporaryDirectory() as run:
        launcher = LauncherProcess(Path(run, "pods"))
        yield launcher
        launcher.end()


def gateway(launcher: LauncherProcess, *program: str | Path) -> list[str | Path]:
    """Return the command of a host process."""
    options = ("--launcher", str(launcher.process.pid), "--lifeline", str(launcher.lifeline.fileno()))
    return [sys.executable, "-I", "-m", "paas_local.pods.host_gateway", *options, "--", *program]


@pytest.fixture
def host(launcher: LauncherProcess, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = gateway(launcher, sys.executable, folder / "daemon.py", folder)
    environment = {**os.environ, "PAAS_LOCAL_HOME": str(folder / "home")}
    (folder / "home/run").mkdir(parents=True)
    with subprocess.Popen(
        command, env=environment, stderr=subprocess.PIPE, text=True, pass_fds=[launcher.lifeline.fileno()]
    ) as process:
        assert eventually((folder / "started").exists)
        yield process
        process.kill()


def test_the_daemon_sees_only_the_processes_of_the_namespaces(host: subprocess.Popen[str], folder: Path) -> None:
    assert host.poll() is None
    # after the first process and the launcher
    assert (folder / "started").read_text() == "3"
    assert len(processes(folder)) == 2


def test_the_daemon_does_not_inherit_the_ignored_signal_of_nohup(folder: Path) -> None:
    (folder / "home").mkdir()
    script = f"import signal; open({str(folder / 'handler')!r}, 'w').write(str(signal.getsignal(signal.SIGHUP)))"
    command = ["nohup", sys.executable, "-I", "-m", "paas_local.pods.supervisor", "--", sys.executable, "-c", script]

    subprocess.run(command, env={**os.environ, "PAAS_LOCAL_HOME": str(folder / "home")}, check=True, timeout=60)

    assert (folder / "handler").read_text() == str(signal.SIG_DFL)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_only_the_launcher_outlives_the_host_process(
    host: subprocess.Popen[str], launcher: LauncherProcess, folder: Path, number: signal.Signals
) -> None:
    host.send_signal(number)

    assert host.wait(10) in (-signal.SIGKILL, 128 + signal.SIGTERM)
    assert eventually(lambda: not processes(folder))
    assert launcher.process.poll() is None


def test_the_host_process_ends_with_the_daemon(host: subprocess.Popen[str], folder: Path) -> None:
    _, daemon = sorted(processes(folder))

    os.kill(daemon, signal.SIGKILL)

    assert host.wait(10) == 128 + signal.SIGKILL
    assert eventually(lambda: not processes(folder))


def test_another_host_process_starts_after_a_killed_one(
    host: subprocess.Popen[str], launcher: LauncherProcess, folder: Path
) -> None:
    host.kill()
    host.wait(5)
    (folder / "daemon.py").write_text("raise SystemExit(7)")
    environment = {**os.environ, "PAAS_LOCAL_HOME": str(folder / "home")}

    again = subprocess.run(host.args, env=environment, timeout=10, check=False, pass_fds=[launcher.lifeline.fileno()])

    assert again.returncode == 7


def test_the_launcher_ends_once_neither_the_supervisor_nor_the_host_process_holds_the_socket(
    host: subprocess.Popen[str], launcher: LauncherProcess
) -> None:
    launcher.lifeline.close()
    with pytest.raises(subprocess.TimeoutExpired):
        launcher.process.wait(0.5)

    host.kill()

    assert launcher.process.wait(10) == 0


def test_a_machine_that_forbids_namespaces_is_reported_in_one_line(tmp_path: Path) -> None:
    # The kernel refuses namespaces to a process whose root is not that of its mount namespace.
    program = f"{sys.executable} -I -m paas_local.pods.namespace_init true"
    command = f"mount --rbind / {tmp_path} && exec chroot {tmp_path} setpriv --bounding-set=-sys_admin {program}"

    done = subprocess.run(
        [sys.executable, "-m", "paas_local.pods.namespace_init", "/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("paas-local: this machine refuses new namespaces: ")
    assert done.stderr.count("\n") == 1
