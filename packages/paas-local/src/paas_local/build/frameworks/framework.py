"""A framework as a value: what rockcraft's extension puts into an image, and how its projects are recognised."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paas_local.build import yaml_files
from paas_local.build.progress import Progress
from paas_local.build.rock_recipe import FILE

EXTENSION_SUFFIX = "-framework"

PROMTAIL_FOLDERS = ("/opt/promtail", "/etc/promtail")
MIGRATIONS = ("migrate", "migrate.sh", "migrate.py")
PAGES = ("static", "templates")


@dataclass(frozen=True, kw_only=True)
class Project:
    """An application's folder and its ``rockcraft.yaml``."""

    source: Path
    name: str
    rock: Mapping[str, Any]
    packages: frozenset[str]
    """Python packages that the project itself requires."""

    def part(self, name: str) -> dict[str, Any]:
        """Read one of the parts; empty if there is none of this name."""
        return yaml_files.mapping(self.rock, "parts", name, file=FILE)


@dataclass(frozen=True, kw_only=True)
class Start:
    """The command of the main service, and the files that the command needs."""

    command: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class AppFiles:
    """The files of a project that are copied into the image."""

    part: str
    """The part in which an author may list other files."""
    key: str | None
    """The list of patterns in that part; None if the author's part replaces the extension's as a whole."""
    default: tuple[str, ...]
    """Files and folders without such a list, as far as they exist; those with a minus are excluded from everything."""
    in_package: bool = False
    """True if the files are in the folder that has the name of the project's package."""


@dataclass(frozen=True, kw_only=True)
class PythonPackages:
    """Python packages of an image: the author's requirements, and the server."""

    required: tuple[str, ...]
    """The author has to require one of these."""
    files: tuple[str, ...] = ("requirements.txt",)
    """The first of these that exists is installed."""
    server: str


@dataclass(frozen=True, kw_only=True)
class Marker:
    """A file by which a project of the framework is recognised."""

    pattern: str
    """Glob pattern below the project's folder."""
    accepts: Callable[[Path], bool] = lambda _: True
    """Returns True for a file that matches the pattern and is a marker."""
    names_project: bool = False
    """True if the marker's folder has the name that the image must have."""

    @property
    def file(self) -> str:
        """Name of the file."""
        return self.pattern.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Framework:
    """One framework."""

    name: str
    """Also the name of its folder and of the main service."""
    bases: tuple[str, ...] = ("ubuntu@24.04",)
    """Bases of its charms, except that of the experimental extension."""
    app: str
    """The application's folder in the image, without the leading slash."""
    files: AppFiles
    packages: PythonPackages | None = None
    marker: Marker | None = None
    start: Callable[[Project], Start]
    service: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Keys of the main service, except the command and the keys that every main service has."""
    more_services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    compile: Callable[[Project, Progress, Path], Mapping[str, Path]] | None = None
    """Builds programs in a folder; returns them by their paths in the image."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    """Path in the image to the text of a file."""
    programs: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Path in the image to an executable of this machine."""
    folders: tuple[str, ...]
    """Empty folders in the image that belong to ``_daemon_``."""

    @property
    def extension(self) -> str:
        """Name of the extension in ``charmcraft.yaml`` and ``rockcraft.yaml``."""
        return f"{self.name}{EXTENSION_SUFFIX}"

    def owns(self, part: str) -> bool:
        """Return whether a part of the project only changes what the extension does."""
        if part == self.files.part and self.files.key is None:
            return False
        return part.startswith(f"{self.extension}/")
