"""Where packed charms, rocks and environments are kept, by the digest of what they are made of.

An entry is made in a sibling folder and renamed when it is whole: an interrupted run leaves no broken entry,
and of two runs that make the same one, the second finds it there.
"""

import contextlib
import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

from paas_local import folders

_THERE_ALREADY = {errno.EEXIST, errno.ENOTEMPTY}
_CACHES = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".git", ".tox", ".venv"})


def path(kind: str, digest: str) -> Path:
    """Name the entry, whether it is there or not."""
    return folders.cache() / kind / digest


@contextlib.contextmanager
def new(kind: str) -> Generator[Path]:
    """Give a folder to make an entry in; what is not kept is gone afterwards."""
    parent = folders.cache() / kind
    parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=parent) as above:
        folder = Path(above) / "entry"
        folder.mkdir()
        folder.chmod(0o755)
        yield folder


def keep(folder: Path, kind: str, digest: str) -> Path:
    """Give the made folder its place; the one that is there already wins."""
    place = path(kind, digest)
    try:
        folder.rename(place)
    except OSError as error:
        if error.errno not in _THERE_ALREADY:
            raise
    return place


def digest(*parts: str | bytes) -> str:
    """Tell parts of text apart, so that neither order nor borders can be mistaken."""
    whole = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        whole.update(b"%d:" % len(data))
        whole.update(data)
    return whole.hexdigest()[:32]


def tree(folder: Path) -> str:
    """Tell folders apart by the names, modes and content of what is in them; caches do not count."""
    return digest(*(part for file in files(folder) for part in _identity(folder, file)))


def copy(source: Path, target: Path, wanted: Callable[[Path], bool] = lambda _: True) -> None:
    """Copy a file or a folder with its modes and links; ``wanted`` is asked for each path below it."""
    if source.is_dir() and not source.is_symlink():
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(0o755)
        for item in sorted(source.iterdir()):
            if item.name not in _CACHES and wanted(item):
                copy(item, target / item.name, wanted)
    elif source.is_symlink() or source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target, follow_symlinks=False)


def make_readable(folder: Path) -> None:
    """Let every user read it: the containers' users are others than the one who makes an entry."""
    for above, _, files in os.walk(folder):
        for place in (Path(above), *(Path(above) / name for name in files)):
            mode = place.lstat().st_mode
            readable = mode | (0o555 if mode & 0o100 else 0o444)
            if readable != mode and not place.is_symlink():
                place.chmod(readable & 0o7777)


def files(folder: Path) -> Iterator[Path]:
    """Give the files and links below a folder, in order; caches are none."""
    for above, below, files in os.walk(folder):
        below[:] = sorted(set(below) - _CACHES)
        links = [name for name in below if (Path(above) / name).is_symlink()]
        for name in sorted([*files, *links]):
            yield Path(above) / name


def _identity(folder: Path, file: Path) -> tuple[str, str, bytes]:
    name = str(file.relative_to(folder))
    if file.is_symlink():
        return name, "link", bytes(file.readlink())
    mode = file.stat().st_mode
    if not stat.S_ISREG(mode):
        return name, "other", b""
    return name, oct(stat.S_IMODE(mode)), file.read_bytes()
