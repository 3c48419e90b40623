"""Linux system calls for namespaces and mounts that Python 3.10 lacks.

Python 3.12 has ``os.unshare`` and ``os.setns``; no version has ``mount``. Each hook starts a process that imports this
module, so it imports next to nothing: ``pathlib`` and ``signal`` would double the time of that process.
"""

from __future__ import annotations

import ctypes
import os
import select

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NEWNS = 0x00020000
NEWUTS = 0x04000000
NEWIPC = 0x08000000
NEWUSER = 0x10000000
NEWPID = 0x20000000
NEWNET = 0x40000000

RDONLY = 1
NOSUID = 2
NODEV = 4
NOEXEC = 8
REMOUNT = 32
BIND = 4096
REC = 16384
PRIVATE = 1 << 18
SLAVE = 1 << 19

_DETACH = 2
_SIGKILL = 9
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24

# chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, net_raw, sys_chroot,
# audit_write, setfcap: those of a Kubernetes container, except mknod.
_CAPABILITIES = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 29, 31})

_CAPABILITY_VERSION = 0x20080522
_ARGUMENTS = 45
"""Place of the address of the command line in ``/proc/self/stat``, after the name of the program."""

_SYSCTLS = {
    "kernel.apparmor_restrict_unprivileged_userns": "0",
    "kernel.unprivileged_userns_clone": "1",
    "user.max_user_namespaces": "15000",
}

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int, *names: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), *names[:1])


def unshare(flags: int) -> None:
    """Enter new namespaces of these kinds."""
    _checked(_libc.unshare(flags))


def setns(file: int, kind: int) -> None:
    """Enter the namespace behind an open ``/proc/<pid>/ns/`` file."""
    _checked(_libc.setns(file, kind))


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount a file system; an error names the target."""
    _checked(
        _libc.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind.encode() or None,
            ctypes.c_ulong(flags),
            data.encode() or None,
        ),
        target,
    )


def detach(target: str) -> None:
    """Unmount lazily: the mount ends when it is no longer in use."""
    _checked(_libc.umount2(os.fsencode(target), _DETACH), target)


def pivot_root(root: str, old: str) -> None:
    """Make ``root`` the root of this mount namespace, and move the previous one to ``old``."""
    _checked(_libc.pivot_root(os.fsencode(root), os.fsencode(old)), root)


def die_with_parent(lifeline: int | None = None) -> None:
    """Have the kernel kill this process when its parent ends.

    A change of user or user namespace clears this, so that it has to be called again. The parent may have ended before
    the call: ``lifeline`` is an empty pipe whose other end only the parent holds.
    """
    _checked(_libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(_SIGKILL), 0, 0, 0))
    if lifeline is not None and select.select([lifeline], [], [], 0)[0]:
        os._exit(1)


def drop_capabilities() -> None:
    """Drop the capabilities that a container must not have; applies to the next program that is executed."""
    number = 0
    while _libc.prctl(_PR_CAPBSET_READ, ctypes.c_ulong(number), 0, 0, 0) >= 0:
        if number not in _CAPABILITIES:
            _checked(_libc.prctl(_PR_CAPBSET_DROP, ctypes.c_ulong(number), 0, 0, 0))
        number += 1


def keep_capabilities(*, of_root: bool) -> None:
    """Drop the capabilities of this process, as the execution of a program would after :func:`drop_capabilities`."""
    allowed = sum(1 << number for number in _CAPABILITIES) if of_root else 0
    status = _read("/proc/self/status")
    permitted = int(status.partition("CapPrm:")[2].split()[0], 16) & allowed
    words = [part & 0xFFFFFFFF for part in (permitted, permitted, 0, *[permitted >> 32] * 2, 0)]
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    _checked(_libc.capset(header, (ctypes.c_uint32 * 6)(*words)))
    # A change of user has hidden this process's files in /proc.
    _checked(_libc.prctl(_PR_SET_DUMPABLE, ctypes.c_ulong(1), 0, 0, 0))


def set_title(title: str) -> None:
    """Replace the command line that ``ps`` shows, as far as the one that this process started with is long enough."""
    fields = _read("/proc/self/stat").rpartition(")")[2].split()
    start, end = int(fields[_ARGUMENTS]), int(fields[_ARGUMENTS + 1])
    ctypes.memmove(start, title.encode()[: end - start - 1].ljust(end - start, b"\0"), end - start)


def is_mapped(uid: int, uid_map: str) -> bool:
    """Return whether a user namespace with this ``/proc/self/uid_map`` has a user id."""
    rows = (tuple(map(int, line.split())) for line in uid_map.splitlines())
    return any(first <= uid < first + count for first, _, count in rows)


def set_user(uid: int) -> None:
    """Change to a user other than 0: by its id if the namespace has it, else in a new user namespace."""
    if is_mapped(uid, _read("/proc/self/uid_map")):
        os.setgroups([])
        os.setgid(uid)
        os.setuid(uid)
    else:
        unshare(NEWUSER)
        map_user((uid, uid), (0, 0))


def map_user(inside: tuple[int, int], outside: tuple[int, int]) -> None:
    """Map this process's user and group ``outside`` to ``inside``, in a user namespace that it has just made."""
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{inside[0]} {outside[0]} 1")
    _write("/proc/self/gid_map", f"{inside[1]} {outside[1]} 1")


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - see above
        return file.read()


def _write(path: str, text: str) -> None:
    # The kernel requires a single write for these files.
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def sysctls() -> Mapping[str, str]:
    """Read the kernel's settings that can forbid namespaces to a plain user, as far as the kernel has them."""
    paths = {name: f"/proc/sys/{name.replace('.', '/')}" for name in _SYSCTLS}
    return {name: _read(path).strip() for name, path in paths.items() if os.path.exists(path)}  # noqa: PTH110 - above


def explain(error: OSError, settings: Mapping[str, str]) -> str:
    """Return why this machine refuses namespaces, and the command that resolves it."""
    apparmor = "kernel.apparmor_restrict_unprivileged_userns"
    forbids = {
        apparmor: settings.get(apparmor, "0") != "0",
        "kernel.unprivileged_userns_clone": settings.get("kernel.unprivileged_userns_clone", "1") == "0",
        "user.max_user_namespaces": settings.get("user.max_user_namespaces", "1") == "0",
    }
    name = next((name for name, forbidden in forbids.items() if forbidden), None)
    if name is None:
        where = f" ({error.filename})" if error.filename else ""
        return (
            f"this machine refuses new namespaces: {error.strerror}{where};"
            " run paas-local as root, or outside of a container that forbids them"
        )
    command = f"sudo sysctl -w {name}={_SYSCTLS[name]}"
    return f"this machine forbids new namespaces: {name} is {settings[name]}; type: {command}"
