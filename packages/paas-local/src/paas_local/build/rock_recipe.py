"""The content of an image before anything is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paas_local.build import interpreters
from paas_local.build.interpreters import Interpreter
from paas_local.build.python_environments import Requirements

FILE = "rockcraft.yaml"


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """The content of an image; paths in the image are absolute."""

    name: str
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Path in the image to a file of this machine."""
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
    python: Interpreter = field(default_factory=interpreters.own)
    """The Python of its requirements."""
    requirements: Requirements | None = None
    layer: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
