"""Steps that build the root of a container, as data; ``rootfs_builder`` carries them out in order."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Folder:
    """An empty folder; an existing one only gets the mode and the owner."""

    path: str
    mode: int = 0o755
    owner: int = 0


@dataclass(frozen=True, kw_only=True)
class File:
    """A file with this text."""

    path: str
    text: str
    mode: int = 0o644


@dataclass(frozen=True, kw_only=True)
class Link:
    """A symbolic link."""

    path: str
    to: str


@dataclass(frozen=True, kw_only=True)
class Bind:
    """A bind mount of a file or folder of the host."""

    source: str
    path: str
    writable: bool = False
    owner: int | None = None
    """New owner of the file or folder on the host; None keeps the owner."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A copy of a file or folder of the host; it is gone with the container."""

    source: str
    path: str
    owner: int = 0
    optional: bool = False
    """True if the host may lack it."""


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A folder of links to the content of several folders; the first folder that has a name wins.

    Subfolders that are in several of them are merged in the same way.
    """

    path: str
    folders: tuple[str, ...]
    python: str | None = None
    """Interpreter of a virtual environment, to be run as ``python3`` and ``python``."""


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """A file system of the kernel: ``proc``, ``sysfs`` or ``devices``."""

    kind: str
    path: str


Step = Folder | File | Link | Bind | Copy | Merged | Kernel
_KINDS = {kind.__name__: kind for kind in (Folder, File, Link, Bind, Copy, Merged, Kernel)}


def encode(step: Step) -> dict[str, Any]:
    """Return a step as a JSON object."""
    return {"step": type(step).__name__, **dataclasses.asdict(step)}


def decode(document: Mapping[str, Any]) -> Step:
    """Read a step that :func:`encode` returned."""
    fields = {name: value for name, value in document.items() if name != "step"}
    return _KINDS[document["step"]](**fields)


def parents(path: str) -> tuple[str, ...]:
    """Return the parent folders of a path, outermost first, without the root."""
    return tuple(str(parent) for parent in reversed(PurePosixPath(path).parents))[1:]
