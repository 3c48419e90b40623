"""The content of an image before anything is built, and the files of a project that a part selects."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

from paas_local.build import yaml_files
from paas_local.build.python_environments import Requirements

FILE = "rockcraft.yaml"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The content of an image; paths in the image are absolute."""

    name: str
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Path in the image to a file or folder of this machine."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Path in the image to the text of a file."""
    programs: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Path in the image to an executable of this machine."""
    compile: tuple[Callable[[Path], Mapping[str, Path]], ...] = ()
    """Each builds programs in a temporary folder, and returns them by their paths in the image."""
    packages: tuple[str, ...] = ()
    """Debian packages, by name."""
    folders: tuple[str, ...] = ()
    """Empty folders that belong to ``_daemon_``."""
    requirements: Requirements | None = None
    layer: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def matching(source: Path, patterns: Iterable[str]) -> Iterator[str]:
    """Yield the files and folders below ``source`` that craft's patterns select; a leading minus excludes."""
    items = tuple(patterns)
    excluded = {path for item in items if item.startswith("-") for path in source.glob(item[1:])}
    for item in items:
        for path in sorted(source.glob(item)) if item and not item.startswith("-") else ():
            if path not in excluded:
                yield str(PurePosixPath(path.relative_to(source)))


def dumped(source: Path, where: str, part: Mapping[str, Any]) -> dict[str, Path]:
    """Return the files of a part of the plugin ``dump`` by their relative paths in the image."""
    moves: dict[str, str] = yaml_files.mapping(part, "organize", file=where)
    patterns = yaml_files.strings(part, "stage", where) or yaml_files.strings(part, "prime", where)
    # Lists that only exclude start from everything.
    everything = () if any(not item.startswith("-") for item in patterns) else ("*",)
    return {organized(name, moves): source / name for name in matching(source, (*everything, *patterns))}


def organized(name: str, moves: Mapping[str, str]) -> str:
    """Return the new path of a file; a target that ends in a slash is a folder."""
    for pattern, target in moves.items():
        if fnmatchcase(name, pattern):
            return target.strip("/") + (f"/{name}" if target.endswith("/") else "")
    return name
