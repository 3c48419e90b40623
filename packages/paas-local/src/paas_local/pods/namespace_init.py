"""Process that runs a program as root of new namespaces, with a first process that reaps orphans.

``python -m paas_local.pods.namespace_init PROGRAM [ARGUMENT…]`` makes three processes. This one stays outside and exits
when the program exits. Its child is the first process of the new pid namespace; its end ends all processes there. The
child and the program are killed when their parents end, so that killing any of the three leaves nothing behind.
"""

import contextlib
import os
import signal
import socket
import sys
from types import FrameType

from paas_local.pods import namespaces, netif

_NEW = namespaces.NEWNS | namespaces.NEWNET | namespaces.NEWPID | namespaces.NEWUTS | namespaces.NEWIPC
_FORWARDED = (signal.SIGTERM, signal.SIGINT)


def _leave_host() -> None:
    """Enter new namespaces; a plain user needs a user namespace for that."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        # Root in a container of the host may lack the capability, and is then like a plain user.
        with contextlib.suppress(PermissionError):
            namespaces.unshare(_NEW)
            return
    namespaces.unshare(namespaces.NEWUSER | _NEW)
    namespaces.map_user((0, 0), (uid, gid))


def forward_signals(child: int) -> None:
    """Pass the signals that end a process on to a child."""

    def forward(number: int, _: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    for number in _FORWARDED:
        signal.signal(number, forward)


def exit_code(status: int) -> int:
    """Return the exit code of a program, for a signal as a shell does."""
    code = os.waitstatus_to_exitcode(status)
    return 128 - code if code < 0 else code


def _first_process(argv: list[str]) -> int:
    """Mount /proc, start the program, and reap orphans until the program exits."""
    # Later mounts of the host are visible here; mounts made here are not visible to the host.
    namespaces.mount("none", "/", flags=namespaces.REC | namespaces.SLAVE)
    try:
        flags = namespaces.NOSUID | namespaces.NODEV | namespaces.NOEXEC
        namespaces.mount("proc", "/proc", "proc", flags)
    except PermissionError as error:
        raise OSError(error.errno, f"a new /proc: {error.strerror}") from error
    socket.sethostname("paas-local")
    with netif.control_socket() as link:
        netif.bring_up(link, "lo")
    lifeline, kept_end = os.pipe()
    program = os.fork()
    if program == 0:
        os.close(kept_end)
        namespaces.die_with_parent(lifeline)
        os.execv(argv[0], argv)  # noqa: S606 - no shell is meant
    forward_signals(program)
    while True:
        pid, status = os.wait()
        if pid == program:
            return exit_code(status)


def _report(error: OSError) -> int:
    sys.stderr.write(f"paas-local: {namespaces.explain(error, namespaces.sysctls())}\n")
    return 1


def main(argv: list[str]) -> int:
    """Run a program in new namespaces."""
    try:
        _leave_host()
    except OSError as error:
        return _report(error)
    lifeline, kept_end = os.pipe()
    first = os.fork()
    if first == 0:
        os.close(kept_end)
        namespaces.die_with_parent(lifeline)
        try:
            code = _first_process(argv)
        except OSError as error:
            code = _report(error)
        os._exit(code)
    forward_signals(first)
    return exit_code(os.waitpid(first, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
