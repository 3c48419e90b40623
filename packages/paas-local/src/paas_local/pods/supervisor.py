"""Process that starts the host gateway again when the gateway or the controller has been killed.

``python -m paas_local.pods.supervisor [ARGUMENT…]`` passes its arguments to ``host_gateway`` and holds the lock of the
home. The gateway outlives it: when this process is killed, everything keeps running, but is not started again.
"""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import TextIO

from paas_local import folders

_GATEWAY = (sys.executable, "-I", "-m", "paas_local.pods.host_gateway")
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
        early_ends = 0
        while True:
            began = time.monotonic()
            code = self._run_gateway()
            # a gateway that was killed, or whose controller was killed, leaves the socket behind
            if self._stopping or code == 0 or not (folders.home() / folders.SOCKET).exists():
                return code
            sys.stderr.write(f"paas-local: the background process ended with {code}; starting it again\n")
            sys.stderr.flush()
            early_ends = early_ends + 1 if time.monotonic() - began < _STABLE_AFTER else 0
            if early_ends > 1 and _signal_within(min(2.0 ** (early_ends - 2), _LONGEST_PAUSE)):
                return code

    def _run_gateway(self) -> int:
        argv = (*_GATEWAY, *self._argv)
        self._gateway = subprocess.Popen(argv, stdin=subprocess.DEVNULL, pass_fds=[self._lock.fileno()])
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
    run = folders.home() / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    with _alone(run) as lock:
        return _Supervisor(argv, lock).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
