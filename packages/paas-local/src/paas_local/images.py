"""What the image of an application would hold, and where that lies on this machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Mode = Literal["ro", "copy"]


@dataclass(frozen=True, kw_only=True)
class Mount:
    """A file or folder of this machine, at its place in the container.

    ``ro`` is shared by all containers and read-only. Of ``copy`` every new container gets a copy of its own,
    owned by ``_daemon_`` and writable, which is gone with the container: an image's own files.
    """

    source: Path
    target: str
    mode: Mode


@dataclass(frozen=True, kw_only=True)
class Rock:
    """A local image: files and folders at their places, an interpreter, and Pebble's layers."""

    folder: Path
    name: str
    layers: Mapping[str, str]
    """File name, as ``001-flask.yaml``, to the text of the layer."""
    mounts: tuple[Mount, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of Pebble itself, thus of every service and exec in the container."""
    python: Path | None = None
    """The virtual environment whose ``bin/python`` has to answer as ``/bin/python3``; part of ``mounts``."""
    folders: tuple[str, ...] = ()
    """Folders that exist, empty, and belong to ``_daemon_``: ``/var/log/flask``."""
