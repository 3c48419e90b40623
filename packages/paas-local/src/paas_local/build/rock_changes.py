"""What of a running container has to change when its image does: some files, or everything.

Only the image's own, writable files can be replaced while it runs; what else an image has, its packages,
its services, what is mounted read-only, needs a new container. So does a changed migration: the charm runs
them once for each container.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from paas_local.build import cache
from paas_local.build.rocks import Mode, Mount, Rock

_MIGRATIONS = frozenset(("migrate", "migrate.sh", "migrate.py", "migrations"))
_CACHE = "__pycache__"


@dataclass(frozen=True, kw_only=True)
class Recreate:
    """Only a new container will do; the reason is for the author."""

    reason: str


@dataclass(frozen=True, kw_only=True)
class FileChanges:
    """Files to replace, by their paths in the container, and paths to remove."""

    written: Mapping[str, Path]
    removed: tuple[str, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths that differ."""
        return (*sorted(self.written), *self.removed)

    @property
    def bytecode(self) -> tuple[str, ...]:
        """Folders of compiled modules: Python tells versions apart by whole seconds and size, which is too coarse."""
        modules = (PurePosixPath(place) for place in self.paths if place.endswith(".py"))
        return tuple(sorted({str(module.parent / _CACHE) for module in modules}))


def compare(old: Rock, new: Rock) -> FileChanges | Recreate:
    """Compare two images of one application."""
    for what, same in (
        ("packages", (old.python, old.packages) == (new.python, new.packages)),
        ("services", old.layers == new.layers),
        ("environment", old.environment == new.environment and old.folders == new.folders),
        ("mounted folders", _elsewhere(old) == _elsewhere(new)),
    ):
        if not same:
            return Recreate(reason=f"the image's {what} changed")
    before, after = dict(_own(old)), dict(_own(new))
    written = {place: file.path for place, file in after.items() if place not in before or file.differs(before[place])}
    changed = FileChanges(written=written, removed=tuple(sorted(before.keys() - after.keys())))
    for place in changed.paths:
        file = after.get(place) or before[place]
        if file.mode == "ro" or file.path.is_symlink():
            return Recreate(reason=f"{place} changed")
        if _MIGRATIONS & set(PurePosixPath(place).parts):
            return Recreate(reason=f"a migration changed: {place}")
    return changed


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


def _elsewhere(rock: Rock) -> tuple[Mount, ...]:
    return tuple(mount for mount in rock.mounts if not mount.source.is_relative_to(rock.folder))


def _own(rock: Rock) -> Iterator[tuple[str, _File]]:
    """Give the files of an image by their paths in the container."""
    for mount in rock.mounts:
        if not mount.source.is_relative_to(rock.folder):
            continue
        below = mount.source.is_dir() and not mount.source.is_symlink()
        for file in cache.files(mount.source) if below else (mount.source,):
            place = PurePosixPath(mount.target) / file.relative_to(mount.source)
            yield str(place), _File(path=file, mode=mount.mode)
