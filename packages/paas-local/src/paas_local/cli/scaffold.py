"""Which files a new project has, and which of them an application's folder still lacks."""

import re
import string
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from paas_local.build import rockcraft
from paas_local.build.errors import ProjectError
from paas_local.juju import operations

FRAMEWORKS = ("flask", "django", "fastapi", "go")

_TEMPLATES = Path(__file__).with_name("templates")
_SHARED = "shared"
_SUFFIX = ".template"
# Stands in paths for the name of the project's Python package.
_PACKAGE = "PACKAGE"
_CHARM = PurePosixPath("charm")


@dataclass(frozen=True, kw_only=True)
class ProjectFile:
    """A file of a project."""

    text: str
    executable: bool


def image(framework: str) -> str:
    """Name the resource that is the image, in the charms written here."""
    return f"{framework}-app-image" if framework in {"flask", "django"} else "app-image"


def render(framework: str, name: str) -> dict[PurePosixPath, ProjectFile]:
    """Give the files of a new project, by their paths in its folder."""
    package = name.replace("-", "_")
    title = "".join(part.capitalize() for part in name.split("-"))
    values = {"name": name, "package": package, "title": title, "framework": framework}
    found: dict[PurePosixPath, ProjectFile] = {}
    # A framework's own file goes before the one that all share.
    for folder in (_TEMPLATES / _SHARED, _TEMPLATES / framework):
        for file in sorted(folder.rglob(f"*{_SUFFIX}")):
            place = PurePosixPath(file.relative_to(folder)).with_suffix("")
            parts = [package if part == _PACKAGE else part for part in place.parts]
            text = string.Template(file.read_text(encoding="utf-8")).substitute(values)
            found[PurePosixPath(*parts)] = ProjectFile(text=text, executable=text.startswith("#!"))
    return found


def missing(framework: str, name: str, folder: Path) -> dict[PurePosixPath, ProjectFile]:
    """Give what a finished application needs to be deployed and does not have: its image's file, its charm."""
    wanted = render(framework, name)
    charm = {place: text for place, text in wanted.items() if place.is_relative_to(_CHARM)}
    rock = PurePosixPath(rockcraft.FILE)
    return {
        **({} if (folder / rock).exists() else {rock: wanted[rock]}),
        **({} if (folder / _CHARM).exists() else charm),
    }


def write(folder: Path, wanted: Mapping[PurePosixPath, ProjectFile]) -> None:
    """Write files that are not there yet."""
    for place, each in wanted.items():
        file = folder / place
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(each.text)
        if each.executable:
            file.chmod(file.stat().st_mode | (file.stat().st_mode & 0o444) >> 2)


def name_problem(framework: str, name: str) -> str | None:
    """Say why a project cannot have a name; an application of Juju's, an image and a package have it too."""
    if not operations.APPLICATION_NAME.fullmatch(name):
        return f'invalid name "{name}": lower-case letters, digits and dashes, with a letter in each part, as my-app'
    if name.replace("-", "_") in {framework, *sys.stdlib_module_names}:
        return f'invalid name "{name}": a module of that name is there already; try {name}-app'
    return None


def application_name(folder: str) -> str:
    """Make a name of an application out of a folder's."""
    parts = list(_parts(folder.lower()))
    return "-".join(parts) or "app"


def _parts(folder: str) -> Iterator[str]:
    """Give parts that begin with a letter: what an application's name is made of."""
    for part in re.split(r"[^a-z0-9]+", folder):
        kept = part.lstrip("0123456789")
        if kept:
            yield kept


def is_empty(folder: Path) -> bool:
    """Say whether a project may be written there."""
    try:
        return not folder.exists() or not any(folder.iterdir())
    except OSError as error:
        raise ProjectError(f"{folder}: {error.strerror}") from error
