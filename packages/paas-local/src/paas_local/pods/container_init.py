"""Run as a process of its own, become a container: build its root, then give way to its main program.

``python -m paas_local.pods.container_init SPEC.json``: this process stays outside and stands for the container. It
answers one line of JSON on standard output, ``{"pid": N}`` once the main program runs or ``{"error": …}``,
passes SIGTERM on, and ends as the main program ends. Whoever kills it kills the whole container.
"""

import contextlib
import errno
import json
import os
import re
import shlex
import shutil
import signal
import socket
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from paas_local.pods import namespaces, netif, rootfs

_HOST = "/.host"
_SHARED = {"net": namespaces.NEWNET, "uts": namespaces.NEWUTS, "ipc": namespaces.NEWIPC}
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
# Settings of the whole machine, which its root could change by writing.
_READ_ONLY = ("/proc/sys", "/proc/sysrq-trigger")
_MOUNT_FLAGS = {
    "ro": namespaces.RDONLY,
    "nosuid": namespaces.NOSUID,
    "nodev": namespaces.NODEV,
    "noexec": namespaces.NOEXEC,
    "noatime": 1024,
    "nodiratime": 2048,
    "relatime": 1 << 21,
}
_PYTHON = re.compile(r"python[0-9.]*")


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One container, complete."""

    root: str
    """An empty folder to build the root on; nothing is left in it."""
    steps: tuple[rootfs.Step, ...]
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    hostname: str | None
    """The name of a new pod; None joins the pod of ``pod``."""
    pod: int | None = None
    uid: int | None = None
    """The main program's user, if it must not be 0."""
    idle: bool = False
    """Whether the main program only waits, and does not look after processes that lost their parent."""
    log: str
    """The file that gets what the main program writes."""


def encode(spec: Spec) -> str:
    """Write a specification as JSON."""
    return json.dumps({**vars(spec), "steps": [rootfs.encode(step) for step in spec.steps]})


def decode(text: str) -> Spec:
    """Read a specification that :func:`encode` wrote."""
    document: dict[str, Any] = json.loads(text)
    steps = tuple(rootfs.decode(step) for step in document.pop("steps"))
    return Spec(steps=steps, argv=tuple(document.pop("argv")), **document)


def remounts(table: str, binds: Mapping[str, bool]) -> tuple[tuple[str, int], ...]:
    """Tell from a mount table which mounts need which flags, given which binds are writable.

    A bind brings along what is mounted below it, which the flags of the bind do not reach; and the
    kernel refuses to a plain user to lose a flag that the host has set.
    """
    found: list[tuple[str, int]] = []
    for line in table.splitlines():
        fields = line.split()
        path = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
        inside = [bind for bind in binds if path == bind or path.startswith(f"{bind}/")]
        if not inside:
            continue
        have = sum(_MOUNT_FLAGS.get(option, 0) for option in fields[5].split(","))
        want = have | namespaces.NOSUID | namespaces.NODEV
        if not binds[max(inside, key=len)]:
            want |= namespaces.RDONLY
        if want != have:
            found.append((path, want))
    return tuple(found)


def _make(path: str) -> None:
    """Make a folder and those above it, readable for all."""
    for folder in (*rootfs.parents(path), path):
        if not Path(folder).exists():
            Path(folder).mkdir(mode=0o755)


def _own(path: Path, owner: int) -> None:
    if owner:
        os.chown(path, owner, owner, follow_symlinks=False)


def _place(path: str, *, folder: bool) -> None:
    """Make something to mount over."""
    target = Path(path)
    if target.is_symlink():
        target.unlink()
    if folder:
        _make(path)
    elif not target.exists():
        _make(str(target.parent))
        target.touch()


def _folder(step: rootfs.Folder) -> None:
    _make(step.path)
    Path(step.path).chmod(step.mode)
    _own(Path(step.path), step.owner)


def _file(step: rootfs.File) -> None:
    _make(str(Path(step.path).parent))
    Path(step.path).unlink(missing_ok=True)
    Path(step.path).write_text(step.text)
    Path(step.path).chmod(step.mode)


def _link(step: rootfs.Link) -> None:
    _make(str(Path(step.path).parent))
    if not os.path.lexists(step.path):
        Path(step.path).symlink_to(step.to)


def _bind(step: rootfs.Bind) -> None:
    source = _HOST + step.source
    if not Path(source).exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), source)
    _place(step.path, folder=Path(source).is_dir())
    namespaces.mount(source, step.path, flags=namespaces.BIND | namespaces.REC)
    if step.owner is not None:
        _own(Path(step.path), step.owner)


def _copy_readable(source: str, target: str) -> str:
    """Copy a file of the host's unless it is a secret of other users."""
    with contextlib.suppress(PermissionError):
        shutil.copy2(source, target, follow_symlinks=False)
    return target


def _copy(step: rootfs.Copy) -> None:
    source, target = Path(_HOST + step.source), Path(step.path)
    if step.optional and not os.path.lexists(source):
        return
    _make(str(target.parent))
    if source.is_dir() and not source.is_symlink():
        copy = _copy_readable if step.optional else shutil.copy2
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, copy_function=copy)
    elif step.optional:
        _copy_readable(str(source), str(target))
    else:
        shutil.copy2(source, target, follow_symlinks=False)
    for folder, folders, files in os.walk(target) if step.owner else ():
        for name in ("", *folders, *files):
            _own(Path(folder) / name, step.owner)
    if not target.is_dir():
        _own(target, step.owner)


def _merged(step: rootfs.Merged) -> None:
    if Path(step.path).is_symlink():
        Path(step.path).unlink()
    _make(step.path)
    having: dict[str, list[Path]] = {}
    for folder in filter(os.path.isdir, step.folders):
        for item in Path(folder).iterdir():
            having.setdefault(item.name, []).append(item)
    for name, items in having.items():
        path = f"{step.path}/{name}"
        if len(items) > 1 and all(item.is_dir() and not item.is_symlink() for item in items):
            _merged(rootfs.Merged(path=path, folders=tuple(map(str, items))))
        else:
            _link(rootfs.Link(path=path, to=str(items[0])))
    if step.python is not None:
        # A link would not do: a Python finds its environment beside the path that it was called by.
        names = {path.name for path in Path(step.python).parent.iterdir() if _PYTHON.fullmatch(path.name)}
        for name in names | {"python", "python3"}:
            text = f'#!/bin/sh\nexec {shlex.quote(step.python)} "$@"\n'
            _file(rootfs.File(path=f"{step.path}/{name}", text=text, mode=0o755))


def _kernel(step: rootfs.Kernel) -> None:
    _make(step.path)
    if step.kind == "devices":
        _devices(step.path)
        return
    flags = namespaces.NOSUID | namespaces.NODEV | namespaces.NOEXEC
    try:
        namespaces.mount(step.kind, step.path, step.kind, flags | (step.kind == "sysfs"))
    except PermissionError:
        # Where the host hides parts of it (Docker), a new one is refused. The host's shows other numbers.
        namespaces.mount(_HOST + step.path, step.path, flags=namespaces.BIND | namespaces.REC)
        return
    for path in _READ_ONLY if step.kind == "proc" else ():
        if Path(path).exists():
            namespaces.mount(path, path, flags=namespaces.BIND)
            flags |= namespaces.REMOUNT | namespaces.BIND | namespaces.RDONLY
            namespaces.mount("none", path, flags=flags)


def _devices(folder: str) -> None:
    namespaces.mount("tmpfs", folder, "tmpfs", namespaces.NOSUID, "mode=755")
    for name in _DEVICES:
        if Path(f"{_HOST}/dev/{name}").exists():
            _bind(rootfs.Bind(source=f"/dev/{name}", path=f"{folder}/{name}"))
    for name, to in {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}.items():
        Path(f"{folder}/{name}").symlink_to(f"/proc/self/fd{to}")
    _make(f"{folder}/shm")
    flags = namespaces.NOSUID | namespaces.NODEV
    namespaces.mount("tmpfs", f"{folder}/shm", "tmpfs", flags, "mode=1777")
    _make(f"{folder}/pts")
    namespaces.mount("devpts", f"{folder}/pts", "devpts", namespaces.NOSUID, "newinstance,ptmxmode=0666")
    Path(f"{folder}/ptmx").symlink_to("pts/ptmx")


def _carry_out(step: rootfs.Step) -> None:
    match step:
        case rootfs.Folder():
            _folder(step)
        case rootfs.File():
            _file(step)
        case rootfs.Link():
            _link(step)
        case rootfs.Bind():
            _bind(step)
        case rootfs.Copy():
            _copy(step)
        case rootfs.Merged():
            _merged(step)
        case rootfs.Kernel():
            _kernel(step)


def _resolved(step: rootfs.Step) -> rootfs.Step:
    """Name a source by a path without links, which would lead elsewhere once the root has changed."""
    match step:
        case rootfs.Bind(source=source, path=path, writable=writable, owner=owner):
            return rootfs.Bind(source=os.path.realpath(source), path=path, writable=writable, owner=owner)
        case rootfs.Copy(source=source, path=path, owner=owner, optional=False):
            return rootfs.Copy(source=os.path.realpath(source), path=path, owner=owner)
        case _:
            return step


def _build(root: str, wanted: Iterable[rootfs.Step]) -> None:
    steps = [_resolved(step) for step in wanted]
    namespaces.unshare(namespaces.NEWNS)
    namespaces.mount("none", "/", flags=namespaces.REC | namespaces.PRIVATE)
    namespaces.mount("tmpfs", root, "tmpfs", namespaces.NOSUID | namespaces.NODEV, "mode=755")
    os.chdir(root)
    Path(root + _HOST).mkdir()
    namespaces.pivot_root(".", "." + _HOST)
    os.chdir("/")
    os.umask(0o022)
    for step in steps:
        _carry_out(step)
    binds = {step.path: step.writable for step in steps if isinstance(step, rootfs.Bind)}
    for path, flags in remounts(Path("/proc/self/mountinfo").read_text(), binds):
        namespaces.mount("none", path, flags=namespaces.REMOUNT | namespaces.BIND | flags)
    namespaces.detach(_HOST)
    Path(_HOST).rmdir()


def describe(error: OSError) -> str:
    """Say what went wrong where, with the path that the host knows."""
    if isinstance(error, shutil.Error):
        return f"cannot copy: {error.args[0][0][2]}".replace(_HOST, "")
    path = str(error.filename or "").removeprefix(_HOST)
    return f"{error.strerror}: {path}" if path else str(error.strerror)


def _main_program(spec: Spec, lifeline: int, answer: int) -> None:
    """Be the first process of the container; never returns."""
    try:
        namespaces.die_with_parent(lifeline)
        _build(spec.root, spec.steps)
        os.setsid()
        namespaces.drop_capabilities()
        if spec.uid is not None:
            namespaces.set_user(spec.uid)
        namespaces.die_with_parent(lifeline)
        if spec.idle:
            # So that orphans vanish, though their new parent never waits for them.
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        os.execve(spec.argv[0], spec.argv, dict(spec.environment))  # noqa: S606 - no shell is meant
    except OSError as error:
        os.write(answer, describe(error).encode())
    finally:
        os._exit(1)


def _join(spec: Spec) -> None:
    if spec.pod is not None:
        for name, kind in _SHARED.items():
            file = os.open(f"/proc/{spec.pod}/ns/{name}", os.O_RDONLY)
            namespaces.setns(file, kind)
            os.close(file)
    else:
        namespaces.unshare(namespaces.NEWNET | namespaces.NEWUTS | namespaces.NEWIPC)
        socket.sethostname(spec.hostname or "pod")
        with netif.control_socket() as link:
            netif.bring_up(link, "lo")


def _redirect(log: str) -> None:
    """Send to the log what the main program will write; standard output stays this process's own."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.close(file)


def _wait(child: int) -> int:
    """Stand for the container: pass signals on, and tell its end as a shell does.

    SIGINT ends the container at once, and this process once all of it is gone; after SIGKILL nobody could tell.
    """

    def forward(number: int, _: FrameType | None) -> None:
        os.kill(child, signal.SIGKILL if number == signal.SIGINT else number)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, forward)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return 128 - code if code < 0 else code


def main(argv: list[str]) -> int:
    """Run the container that a file specifies."""
    namespaces.die_with_parent()
    spec = decode(Path(argv[0]).read_text())
    told = os.fdopen(os.dup(1), "w")
    try:
        _redirect(spec.log)
        _join(spec)
        namespaces.unshare(namespaces.NEWPID)
    except OSError as error:
        told.write(json.dumps({"error": describe(error)}) + "\n")
        return 1
    lifeline, kept = os.pipe()
    trouble, answer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(kept)
        os.close(trouble)
        _main_program(spec, lifeline, answer)
    os.close(answer)
    with os.fdopen(trouble) as stream:
        error = stream.read()
    with told:
        told.write(json.dumps({"error": error} if error else {"pid": child}) + "\n")
    return _wait(child)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
