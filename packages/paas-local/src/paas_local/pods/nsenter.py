"""Process that runs a program in a running container, with exactly the environment of this process.

``python -I -S -c "…" PID UID CWD PROGRAM [ARGUMENT…]``, see :func:`command`: PID is the container's first process, UID
a number or ``-`` for 0. This process stays outside, exits when the program exits, and kills the program when killed.

Each hook starts it, so it starts without site packages and imports next to nothing, like ``namespaces``.
"""

from __future__ import annotations

import errno
import os
import sys
import warnings  # noqa: F401  # pyright: ignore[reportUnusedImport] - os.execvpe imports it, where Python may be missing

from paas_local.pods import namespaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Iterable
    from types import FrameType
else:
    import _signal

_START = (
    "from sys import argv, path; path.insert(0, argv[1]); "
    "from paas_local.pods.nsenter import main; raise SystemExit(main(argv[2:]))"
)
_KINDS = {
    "ipc": namespaces.NEWIPC,
    "uts": namespaces.NEWUTS,
    "net": namespaces.NEWNET,
    "mnt": namespaces.NEWNS,
}
# of open and fork, once the container's first process has ended
_ENDED = frozenset({errno.ENOENT, errno.ESRCH, errno.ENOMEM})


def command(pid: int, uid: int | None, folder: str, program: Iterable[str]) -> tuple[str, ...]:
    """Return the command of this process."""
    packages = os.path.abspath(f"{__file__}/../../..")  # noqa: PTH100 - pathlib would double the start-up time
    start = (sys.executable, "-I", "-S", "-c", _START, packages)
    return (*start, str(pid), "-" if uid is None else str(uid), folder, *program)


def _is_own_namespace(user: int) -> bool:
    return os.fstat(user).st_ino == os.stat("/proc/self/ns/user").st_ino  # noqa: PTH116 - as above


def _initial_environment() -> dict[bytes, bytes]:
    """Read the environment that this process started with; Python may have added LC_CTYPE since."""
    with open("/proc/self/environ", "rb") as file:  # noqa: PTH123 - as above
        entries = file.read().split(b"\0")
    return dict(entry.split(b"=", 1) for entry in entries if b"=" in entry)


def _program(files: dict[str, int], lifeline: int, uid: str, folder: str, argv: list[str]) -> None:
    """Become the program; never returns."""
    try:
        namespaces.die_with_parent(lifeline)
        environment = _initial_environment()
        own = _is_own_namespace(files["user"])
        for name, kind in _KINDS.items():
            namespaces.setns(files[name], kind)
        os.umask(0o022)
        os.chdir(folder)
        os.setsid()
        namespaces.drop_capabilities()
        if not own:
            namespaces.setns(files["user"], namespaces.NEWUSER)
        elif uid != "-":
            namespaces.set_user(int(uid))
        namespaces.die_with_parent(lifeline)
        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
        os.execvpe(argv[0], argv, environment)  # noqa: S606 - no shell is meant
    except OSError as error:
        os.write(2, f"cannot run {argv[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def _exit_like(status: int) -> int:
    """End with the program's exit code or signal: the parent can tell a killed program from a failed one."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        import resource  # noqa: PLC0415 - only a killed program needs it

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if -code != _signal.SIGKILL:
            _signal.signal(-code, _signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


def main(argv: list[str]) -> int:
    """Enter the container, run the program and wait for it."""
    namespaces.die_with_parent()
    pid, uid, folder, *program = argv
    lifeline, kept_end = os.pipe()
    try:
        files = {name: os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY) for name in (*_KINDS, "pid", "user")}
        namespaces.setns(files["pid"], namespaces.NEWPID)
        child = os.fork()
    except OSError as error:
        if error.errno not in _ENDED:
            raise
        # as if the program had been killed with its container
        return _exit_like(_signal.SIGKILL)
    if child == 0:
        os.close(kept_end)
        _program(files, lifeline, uid, folder, program)

    def forward(number: int, _: FrameType | None) -> None:
        try:  # noqa: SIM105 - contextlib would double the start-up time
            os.killpg(child, number)
        except ProcessLookupError:
            pass

    for number in (_signal.SIGTERM, _signal.SIGINT):
        _signal.signal(number, forward)
    return _exit_like(os.waitpid(child, 0)[1])
