"""Builder of a container's root: carries out the steps on a tmpfs, which becomes the root of the mount namespace."""

import contextlib
import errno
import os
import re
import shlex
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from paas_local.pods import namespaces
from paas_local.pods.rootfs_steps import Bind, Copy, File, Folder, Kernel, Link, Merged, Step, parents

_HOST = "/.host"
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
# Settings of the whole machine: a root user of the container could change them by writing.
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


def build(root: str, steps: Iterable[Step]) -> None:
    """Enter a new mount namespace and make its root from the steps; ``root`` is an empty folder to mount on."""
    resolved = [_resolved(step) for step in steps]
    namespaces.unshare(namespaces.NEWNS)
    namespaces.mount("none", "/", flags=namespaces.REC | namespaces.PRIVATE)
    namespaces.mount("tmpfs", root, "tmpfs", namespaces.NOSUID | namespaces.NODEV, "mode=755")
    os.chdir(root)
    Path(root + _HOST).mkdir()
    namespaces.pivot_root(".", "." + _HOST)
    os.chdir("/")
    os.umask(0o022)
    for step in resolved:
        _carry_out(step)
    writable = {step.path: step.writable for step in resolved if isinstance(step, Bind)}
    for path, flags in remounts(Path("/proc/self/mountinfo").read_text(), writable):
        namespaces.mount("none", path, flags=namespaces.REMOUNT | namespaces.BIND | flags)
    namespaces.detach(_HOST)
    Path(_HOST).rmdir()


def remounts(mountinfo: str, writable: Mapping[str, bool]) -> tuple[tuple[str, int], ...]:
    """Return the mounts that need other flags, with the flags; ``writable`` has the path of each bind.

    A bind includes the mounts below it, but the flags of the bind do not apply to them. The kernel does not let a
    plain user clear a flag that the host has set.
    """
    changes: list[tuple[str, int]] = []
    for line in mountinfo.splitlines():
        fields = line.split()
        path = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), fields[4])
        binds = [bind for bind in writable if path == bind or path.startswith(f"{bind}/")]
        if not binds:
            continue
        current = sum(_MOUNT_FLAGS.get(option, 0) for option in fields[5].split(","))
        required = current | namespaces.NOSUID | namespaces.NODEV
        if not writable[max(binds, key=len)]:
            required |= namespaces.RDONLY
        if required != current:
            changes.append((path, required))
    return tuple(changes)


def describe(error: OSError) -> str:
    """Return the reason and the path, as the host knows the path."""
    path = str(error.filename or "").removeprefix(_HOST)
    return f"{error.strerror}: {path}" if path else str(error.strerror)


def _resolved(step: Step) -> Step:
    """Resolve the links in a source: they would lead elsewhere once the root has changed."""
    match step:
        case Bind(source=source, path=path, writable=writable, owner=owner):
            return Bind(source=os.path.realpath(source), path=path, writable=writable, owner=owner)
        case Copy(source=source, path=path, owner=owner, optional=False):
            return Copy(source=os.path.realpath(source), path=path, owner=owner)
        case _:
            return step


def _carry_out(step: Step) -> None:
    match step:
        case Folder():
            _folder(step)
        case File():
            _file(step)
        case Link():
            _link(step)
        case Bind():
            _bind(step)
        case Copy():
            _copy(step)
        case Merged():
            _merged(step)
        case Kernel():
            _kernel(step)


def _make_folders(path: str) -> None:
    """Make a folder and its parents, readable for all users."""
    if os.path.exists(path):  # noqa: PTH110 - called for each of a thousand links
        return
    for folder in (*parents(path), path):
        if not Path(folder).exists():
            Path(folder).mkdir(mode=0o755)


def _chown(path: Path, owner: int) -> None:
    if owner:
        os.chown(path, owner, owner, follow_symlinks=False)


def _folder(step: Folder) -> None:
    _make_folders(step.path)
    Path(step.path).chmod(step.mode)
    _chown(Path(step.path), step.owner)


def _file(step: File) -> None:
    _make_folders(str(Path(step.path).parent))
    Path(step.path).unlink(missing_ok=True)
    Path(step.path).write_text(step.text)
    Path(step.path).chmod(step.mode)


def _link(step: Link) -> None:
    _make_folders(os.path.dirname(step.path))  # noqa: PTH120 - called for each of a thousand links
    with contextlib.suppress(FileExistsError):
        os.symlink(step.to, step.path)  # noqa: PTH211 - as above


def _bind(step: Bind) -> None:
    source = _HOST + step.source
    if not Path(source).exists():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), source)
    _make_mount_point(step.path, folder=Path(source).is_dir())
    namespaces.mount(source, step.path, flags=namespaces.BIND | namespaces.REC)
    if step.owner is not None:
        _chown(Path(step.path), step.owner)


def _make_mount_point(path: str, *, folder: bool) -> None:
    target = Path(path)
    if target.is_symlink():
        target.unlink()
    if folder:
        _make_folders(path)
    elif not target.exists():
        _make_folders(str(target.parent))
        target.touch()


def _copy(step: Copy) -> None:
    source, target = Path(_HOST + step.source), Path(step.path)
    if step.optional and not os.path.lexists(source):
        return
    _make_folders(str(target.parent))
    copy = _copy_if_readable if step.optional else _copy_file
    if source.is_dir() and not source.is_symlink():
        _copy_folder(str(source), str(target), copy)
    else:
        copy(str(source), str(target))
    for folder, folders, files in os.walk(target) if step.owner else ():
        for name in ("", *folders, *files):
            _chown(Path(folder) / name, step.owner)
    if not target.is_dir():
        _chown(target, step.owner)


def _copy_folder(source: str, target: str, copy: Callable[[str, str], None]) -> None:
    """Copy a folder; the hundreds of links in a folder of certificates take a quarter of the time of shutil's."""
    Path(target).mkdir(exist_ok=True)
    for entry in os.scandir(source):
        path = f"{target}/{entry.name}"
        if entry.is_symlink():
            os.symlink(os.readlink(entry.path), path)  # noqa: PTH115, PTH211 - paths would double the time
            _date(path, like=entry.stat(follow_symlinks=False))
        elif entry.is_dir():
            _copy_folder(entry.path, path, copy)
        else:
            copy(entry.path, path)
    shutil.copystat(source, target)


def _copy_file(source: str, target: str) -> None:
    shutil.copy2(source, target, follow_symlinks=False)


def _copy_if_readable(source: str, target: str) -> None:
    """Copy a file of the host, unless it is a secret of another user."""
    with contextlib.suppress(PermissionError):
        _copy_file(source, target)


def _merged(step: Merged) -> None:
    if Path(step.path).is_symlink():
        Path(step.path).unlink()
    _make_folders(step.path)
    items_by_name: dict[str, list[os.DirEntry[str]]] = {}
    for folder in filter(os.path.isdir, step.folders):
        for item in os.scandir(folder):
            items_by_name.setdefault(item.name, []).append(item)
    present = set(os.listdir(step.path))  # noqa: PTH208 - names
    for name, items in items_by_name.items():
        path = f"{step.path}/{name}"
        if len(items) > 1 and all(item.is_dir(follow_symlinks=False) for item in items):
            _merged(Merged(path=path, folders=tuple(item.path for item in items)))
            continue
        if name not in present:
            os.symlink(items[0].path, path)  # noqa: PTH211 - called for each of a thousand links
        _date(path, like=items[0].stat(follow_symlinks=False))
    if step.python is not None:
        _python(step.path, step.python)


def _python(folder: str, python: str) -> None:
    """Write programs that run ``python``; with a link, Python would look for its environment next to the link."""
    names = {path.name for path in Path(python).parent.iterdir() if _PYTHON.fullmatch(path.name)}
    for name in names | {"python", "python3"}:
        text = f'#!/bin/sh\nexec {shlex.quote(python)} "$@"\n'
        _file(File(path=f"{folder}/{name}", text=text, mode=0o755))
        _date(f"{folder}/{name}", like=Path(python).lstat())


def _date(path: str, like: os.stat_result) -> None:
    """Set a file's time to another's: a charm recognises a new image by the times of its programs."""
    os.utime(path, ns=(like.st_atime_ns, like.st_mtime_ns), follow_symlinks=False)


def _kernel(step: Kernel) -> None:
    _make_folders(step.path)
    if step.kind == "devices":
        _devices(step.path)
        return
    flags = namespaces.NOSUID | namespaces.NODEV | namespaces.NOEXEC
    try:
        namespaces.mount(step.kind, step.path, step.kind, flags | (step.kind == "sysfs"))
    except PermissionError:
        # Where the host hides parts of it (Docker), the kernel refuses a new one. The host's shows other process ids.
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
            _bind(Bind(source=f"/dev/{name}", path=f"{folder}/{name}"))
    for name, to in {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}.items():
        Path(f"{folder}/{name}").symlink_to(f"/proc/self/fd{to}")
    _make_folders(f"{folder}/shm")
    flags = namespaces.NOSUID | namespaces.NODEV
    namespaces.mount("tmpfs", f"{folder}/shm", "tmpfs", flags, "mode=1777")
    _make_folders(f"{folder}/pts")
    namespaces.mount("devpts", f"{folder}/pts", "devpts", namespaces.NOSUID, "newinstance,ptmxmode=0666")
    Path(f"{folder}/ptmx").symlink_to("pts/ptmx")
