"""What an image should hold, before anything is built; and which files of a project that means."""

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
    """An image as it should become; paths in it are absolute."""

    name: str
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Path in the image to a file or folder of this machine."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    programs: Mapping[str, Path] = field(default_factory=dict[str, Path])
    compile: tuple[Callable[[Path], Mapping[str, Path]], ...] = ()
    """Each makes more programs, in a folder that is only lent; gives them by their places in the image."""
    packages: tuple[str, ...] = ()
    """Debian packages, by name."""
    folders: tuple[str, ...] = ()
    requirements: Requirements | None = None
    layer: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def chosen(source: Path, patterns: Iterable[str]) -> Iterator[str]:
    """Give the files and folders that craft's lists of patterns name; a minus leaves out."""
    listed = tuple(patterns)
    out = {path for item in listed if item.startswith("-") for path in source.glob(item[1:])}
    for item in listed:
        for path in sorted(source.glob(item)) if item and not item.startswith("-") else ():
            if path not in out:
                yield str(PurePosixPath(path.relative_to(source)))


def dumped(source: Path, where: str, part: Mapping[str, Any]) -> dict[str, Path]:
    """Tell where a part of the plugin ``dump`` puts the files of its source: relative target to file."""
    moved: dict[str, str] = yaml_files.mapping(part, "organize", file=where)
    patterns = yaml_files.strings(part, "stage", where) or yaml_files.strings(part, "prime", where)
    # Lists that only leave out begin with everything.
    every = () if any(not item.startswith("-") for item in patterns) else ("*",)
    return {organized(name, moved): source / name for name in chosen(source, (*every, *patterns))}


def organized(name: str, moved: Mapping[str, str]) -> str:
    """Find the place of a file; one that ends in a slash is a folder to put it in."""
    for pattern, target in moved.items():
        if fnmatchcase(name, pattern):
            return target.strip("/") + (f"/{name}" if target.endswith("/") else "")
    return name
