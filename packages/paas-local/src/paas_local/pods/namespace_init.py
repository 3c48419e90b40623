"""Be root of a small world: new namespaces, a first process that cleans up, and the program to run in them.

``python -m paas_local.pods.namespace_init PROGRAM [ARGUMENT…]``: three processes. This one stays outside and ends as
the program ends. Its child is the first process of the new pid namespace; with it, everything in there ends. Each
is killed when its parent ends, so that nothing survives whichever of them is killed.
"""

import contextlib
import os
import signal
import socket
import sys
from types import FrameType

from paas_local.pods import namespaces, netif

_OWN = namespaces.NEWNS | namespaces.NEWNET | namespaces.NEWPID | namespaces.NEWUTS | namespaces.NEWIPC
_FORWARDED = (signal.SIGTERM, signal.SIGINT)


def _separate() -> None:
    """Leave the host's namespaces; without power over them, through a user namespace where we have it."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        # Root in a container of the host may lack the power; then it is a plain user to us.
        with contextlib.suppress(PermissionError):
            namespaces.unshare(_OWN)
            return
    namespaces.unshare(namespaces.NEWUSER | _OWN)
    namespaces.map_user(0, uid, gid)


def _forward(child: int) -> None:
    def forward(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    for number in _FORWARDED:
        signal.signal(number, forward)


def _exit_code(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def _first_process(argv: list[str]) -> int:
    """Furnish the namespaces, start the program, and bury the dead until it ends."""
    # What the host mounts later is seen here too; what is mounted here stays here.
    namespaces.mount("none", "/", flags=namespaces.REC | namespaces.SLAVE)
    try:
        flags = namespaces.NOSUID | namespaces.NODEV | namespaces.NOEXEC
        namespaces.mount("proc", "/proc", "proc", flags)
    except PermissionError as error:
        raise OSError(error.errno, f"a new /proc: {error.strerror}") from error
    socket.sethostname("paas-local")
    with netif.control_socket() as link:
        netif.bring_up(link, "lo")
    lifeline, kept = os.pipe()
    program = os.fork()
    if program == 0:
        os.close(kept)
        namespaces.die_with_parent(lifeline)
        os.execv(argv[0], argv)  # noqa: S606 - no shell is meant
    _forward(program)
    while True:
        pid, status = os.wait()
        if pid == program:
            return _exit_code(status)


def _refused(error: OSError) -> int:
    sys.stderr.write(f"paas-local: {namespaces.explain(error, namespaces.sysctls())}\n")
    return 1


def main(argv: list[str]) -> int:
    """Run a program in namespaces of its own."""
    namespaces.die_with_parent()
    try:
        _separate()
    except OSError as error:
        return _refused(error)
    lifeline, kept = os.pipe()
    first = os.fork()
    if first == 0:
        os.close(kept)
        namespaces.die_with_parent(lifeline)
        try:
            code = _first_process(argv)
        except OSError as error:
            code = _refused(error)
        os._exit(code)
    _forward(first)
    return _exit_code(os.waitpid(first, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
