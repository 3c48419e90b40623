"""Cache of packed charms, rocks, environments and packages, by a digest of what they are made from.

An entry is made in a temporary folder and renamed when it is complete: an interrupted run leaves no broken entry, and
the first of two runs that make the same entry wins.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Collection, Generator, Iterator
from pathlib import Path

from paas_local import folders

_UNFINISHED = ".new-"
_LONGEST_BUILD = 3600.0
"""Seconds, after which an unfinished entry belongs to a build that was killed."""
_EXISTS = {errno.EEXIST, errno.ENOTEMPTY}
_IGNORED = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".git", ".tox", ".venv"})


def path(kind: str, digest: str) -> Path:
    """Return the path of an entry, which may not exist yet."""
    return folders.cache() / kind / digest


@contextlib.contextmanager
def new_entry(kind: str) -> Generator[Path]:
    """Yield a temporary folder to make an entry in; it is removed unless :func:`store` renames it."""
    parent = folders.cache() / kind
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=parent) as temporary:
        folder = Path(temporary) / "entry"
        folder.mkdir()
        folder.chmod(0o755)
        yield folder


def store(folder: Path, kind: str, digest: str) -> Path:
    """Rename a complete folder to its path in the cache; an existing entry is kept."""
    entry = path(kind, digest)
    try:
        folder.rename(entry)
    except OSError as error:
        if error.errno not in _EXISTS:
            raise
    return entry


def digest(*parts: str | bytes) -> str:
    """Return a digest of texts that depends on their order and their borders."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(b"%d:" % len(data))
        whole.update(data)
    return whole.hexdigest()[:32]


def tree_digest(folder: Path) -> str:
    """Return a digest of the names, modes and contents in a folder; caches of tools are ignored."""
    return digest(*(part for file in files(folder) for part in _identity(folder, file)))


def copy(source: Path, target: Path, include: Callable[[Path], bool] = lambda _: True) -> None:
    """Copy a file or a folder with its modes and links; ``include`` is called with each path below a folder."""
    if source.is_dir() and not source.is_symlink():
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(0o755)
        for item in sorted(source.iterdir()):
            if item.name not in _IGNORED and include(item):
                copy(item, target / item.name, include)
    elif source.is_symlink() or source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def make_readable(folder: Path) -> None:
    """Make a folder readable for all users: a container runs as another user than the one who makes the entry."""
    for parent, _, files in os.walk(folder):
        for item in (Path(parent), *(Path(parent) / name for name in files)):
            mode = item.lstat().st_mode
            readable = mode | (0o555 if mode & 0o100 else 0o444)
            if readable != mode and not item.is_symlink():
                item.chmod(readable & 0o7777)


def files(folder: Path) -> Iterator[Path]:
    """Yield the files and links below a folder, in order; caches of tools are ignored."""
    return (item for item in items(folder) if item.is_symlink() or not item.is_dir())


def items(folder: Path) -> Iterator[Path]:
    """Yield the files, links and folders below a folder, in order; caches of tools are ignored."""
    for parent, subfolders, files in os.walk(folder):
        subfolders[:] = sorted(set(subfolders) - _IGNORED)
        for name in sorted([*files, *subfolders]):
            yield Path(parent) / name


def remove_unused(used: Collection[Path]) -> int:
    """Remove the entries that contain none of the used paths, and return their bytes; younger builds may still run."""
    size = 0
    for entry in folders.cache().glob("*/*"):
        unfinished = entry.name.startswith(_UNFINISHED) and time.time() - entry.lstat().st_mtime < _LONGEST_BUILD
        if unfinished or any(path.is_relative_to(entry) for path in used):
            continue
        size += _size(entry)
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    return size


def _size(entry: Path) -> int:
    if not entry.is_dir() or entry.is_symlink():
        return entry.lstat().st_size
    return sum((Path(parent) / name).lstat().st_size for parent, _, names in os.walk(entry) for name in names)


def _identity(folder: Path, file: Path) -> tuple[str, str, bytes]:
    name = str(file.relative_to(folder))
    if file.is_symlink():
        return name, "link", bytes(file.readlink())
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode):
        return name, "other", b""
    return name, oct(stat.S_IMODE(mode)), file.read_bytes()
