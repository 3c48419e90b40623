"""Difference between two images: files to replace in a running container, or a new container.

Only the image's own, writable files can be replaced in a running container. Packages, services and read-only mounts
need a new container. So does a changed migration, because the charm runs migrations once per container.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from paas_local.build import cache
from paas_local.build.rocks import Mode, Mount, Rock

_MIGRATIONS = frozenset(("migrate", "migrate.sh", "migrate.py", "migrations"))
_BYTECODE = "__pycache__"


@dataclass(frozen=True, kw_only=True)
class Recreate:
    """The change needs a new container."""

    reason: str
    """For the author of the application."""


@dataclass(frozen=True, kw_only=True)
class FileChanges:
    """Files to write, by their paths in the container, and paths to remove."""

    written: Mapping[str, Path]
    removed: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths that differ."""
        return (*sorted(self.written), *self.removed)

    @property
    def bytecode(self) -> tuple[str, ...]:
        """Folders of compiled modules to remove: Python compares only size and whole seconds of a source file."""
        modules = (PurePosixPath(path) for path in self.paths if path.endswith(".py"))
        return tuple(sorted({str(module.parent / _BYTECODE) for module in modules}))


def compare(old: Rock, new: Rock) -> FileChanges | Recreate:
    """Compare two images of one application."""
    for part, equal in (
        ("packages", (old.python, old.packages) == (new.python, new.packages)),
        ("services", old.layers == new.layers),
        ("environment", old.environment == new.environment and old.folders == new.folders),
        ("mounted folders", _foreign_mounts(old) == _foreign_mounts(new)),
    ):
        if not equal:
            return Recreate(reason=f"the image's {part} changed")
    before, after = dict(_own_files(old)), dict(_own_files(new))
    written = {path: file.path for path, file in after.items() if path not in before or file.differs(before[path])}
    changes = FileChanges(written=written, removed=tuple(sorted(before.keys() - after.keys())))
    for path in changes.paths:
        file = after.get(path) or before[path]
        if file.mode == "ro" or file.path.is_symlink():
            return Recreate(reason=f"{path} changed")
        if _MIGRATIONS & set(PurePosixPath(path).parts):
            return Recreate(reason=f"a migration changed: {path}")
    return changes


@dataclass(frozen=True, kw_only=True)
class _File:
    path: Path
    mode: Mode

    def differs(self, other: "_File") -> bool:
        old, new = other.path, self.path
        if self.mode != other.mode or new.is_symlink() or old.is_symlink():
            return self.mode != other.mode or _target(old) != _target(new)
        return old.stat().st_mode != new.stat().st_mode or old.read_bytes() != new.read_bytes()


def _target(path: Path) -> Path | None:
    return path.readlink() if path.is_symlink() else None


def _foreign_mounts(rock: Rock) -> tuple[Mount, ...]:
    """Return the mounts from outside of the image's own folder."""
    return tuple(mount for mount in rock.mounts if not mount.source.is_relative_to(rock.folder))


def _own_files(rock: Rock) -> Iterator[tuple[str, _File]]:
    """Yield the files in the image's own folder by their paths in the container."""
    for mount in rock.mounts:
        if not mount.source.is_relative_to(rock.folder):
            continue
        is_folder = mount.source.is_dir() and not mount.source.is_symlink()
        for file in cache.files(mount.source) if is_folder else (mount.source,):
            path = PurePosixPath(mount.target) / file.relative_to(mount.source)
            yield str(path), _File(path=file, mode=mount.mode)
