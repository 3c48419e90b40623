"""Process that starts the launcher and the host gateway, and the gateway again when it or the controller was killed.

``python -m paas_local.pods.supervisor [ARGUMENT…]`` passes its arguments to ``host_gateway`` and holds the lock of the
home. The pods belong to the launcher, and outlive the gateway and the controller. When this process is killed,
everything keeps running, but is not started again; once the gateway has ended too, the launcher ends.
"""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from types import FrameType
from typing import TextIO

from paas_local import folders

_GATEWAY = (sys.executable, "-I", "-m", "paas_local.pods.host_gateway")
_NAMESPACES = (sys.executable, "-I", "-m", "paas_local.pods.namespace_init")
_LAUNCHER = (sys.executable, "-I", "-m", "paas_local.pods.container_init")
_TITLE = 200
"""Characters of a container's name in the list of processes."""
_END_TIMEOUT = 5.0
_KILLED = (-signal.SIGKILL, 128 + signal.SIGKILL)
"""Exit codes of a gateway that was killed, and of one whose controller was."""
_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})
# A gateway that ends sooner than this after its start is started again with growing pauses.
_STABLE_AFTER = 10.0
# A command waits longer than this for the gateway.
_LONGEST_PAUSE = 8.0


@contextlib.contextmanager
def _alone(run: Path) -> Generator[TextIO]:
    """Hold the lock of this home until this process and the gateway have ended."""
    with (run / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise SystemExit(
                f"paas-local: a background process already runs in {run.parent}, as process {lock.read().strip()}"
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield lock


class LauncherProcess:
    """The launcher, as the process that starts and ends it; ``program`` runs it in namespaces."""

    def __init__(self, path: Path, program: Sequence[str] = _NAMESPACES, lock: Sequence[int] = ()) -> None:
        self.lifeline, other_end = socket.socketpair()
        # Programs in the containers could read an environment variable of the launcher.
        self.process = subprocess.Popen(
            (*program, *_LAUNCHER, str(path).ljust(_TITLE)),
            stdin=other_end.fileno(),
            pass_fds=lock,
            env={"LANG": "C.UTF-8"},
            start_new_session=True,
        )
        other_end.close()

    def end(self) -> None:
        """End the launcher and all containers, and wait until their processes are gone."""
        self.lifeline.close()
        try:
            self.process.wait(_END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Supervisor:
    def __init__(self, argv: list[str], lock: TextIO) -> None:
        self._argv = argv
        self._lock = lock
        self._gateway: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def run(self) -> int:
        """Run the gateway again and again, until it is stopped or has not got ready; returns its exit code."""
        for number in _SIGNALS:
            signal.signal(number, self._stop)
        launcher, was_ready = self._start_launcher(), False
        failures = early_ends = 0
        while True:
            began = time.monotonic()
            code = self._run_gateway(launcher)
            # a gateway that was killed, or whose controller was killed, leaves the socket behind
            if (folders.home() / folders.SOCKET).exists() or code in _KILLED:
                was_ready, failures = True, 0
            else:
                failures += 1
            if self._stopping or code == 0 or not was_ready:
                break
            sys.stderr.write(f"paas-local: the background process ended with {code}; starting it again\n")
            sys.stderr.flush()
            if failures > 1:
                # the launcher has ended, or its pods are the reason
                launcher.end()
                launcher, was_ready, failures = self._start_launcher(), False, 0
            early_ends = early_ends + 1 if time.monotonic() - began < _STABLE_AFTER else 0
            if early_ends > 1 and _signal_within(min(2.0 ** (early_ends - 2), _LONGEST_PAUSE)):
                break
        launcher.end()
        return code

    def _start_launcher(self) -> LauncherProcess:
        return LauncherProcess(folders.home() / folders.LAUNCHER_SOCKET, lock=[self._lock.fileno()])

    def _run_gateway(self, launcher: LauncherProcess) -> int:
        lifeline = launcher.lifeline.fileno()
        argv = (*_GATEWAY, "--launcher", str(launcher.process.pid), "--lifeline", str(lifeline), *self._argv)
        self._gateway = subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=[self._lock.fileno(), lifeline])
        if self._stopping:
            self._gateway.terminate()
        return self._gateway.wait()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping = True
        if self._gateway is not None:
            self._gateway.terminate()


def _signal_within(seconds: float) -> bool:
    """Wait; return True at once when a signal to end comes."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        return signal.sigtimedwait(_SIGNALS, seconds) is not None
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def main(argv: list[str]) -> int:
    """Keep the gateway of this home running."""
    # SIGHUP is handled, not ignored: child processes inherit an ignored signal.
    signal.signal(signal.SIGHUP, lambda _number, _frame: None)
    # Users in pods must be able to read files, whatever the caller's umask is; the home itself has mode 0700.
    os.umask(0o022)
    run = folders.home() / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    with _alone(run) as lock:
        return _Supervisor(argv, lock).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
