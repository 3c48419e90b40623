"""Files of a new project, rendered from the templates of its framework."""

import re
import string
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from paas_local.build import frameworks, python_environments, rock_recipe, yaml_files
from paas_local.build.errors import ProjectError, project_errors
from paas_local.juju import names

_TEMPLATE = "template"
# What the README says about one framework.
_README = "readme.yaml"
_SUFFIX = ".template"
# Placeholder in paths for the name of the project's Python package.
_PACKAGE = "PACKAGE"
CHARM = PurePosixPath("charm")


@dataclass(frozen=True, kw_only=True)
class ProjectFile:
    """A file of a project, rendered."""

    text: str
    executable: bool


def render(framework: str, name: str) -> dict[PurePosixPath, ProjectFile]:
    """Return the files of a new project by their relative paths."""
    package = name.replace("-", "_")
    title = "".join(part.capitalize() for part in name.split("-"))
    readme: Mapping[str, str] = yaml_files.load(frameworks.FOLDER / framework / _README)
    values = {"name": name, "package": package, "title": title, "framework": framework, **readme}
    files: dict[PurePosixPath, ProjectFile] = {}
    # A framework's own template replaces the shared one of the same path.
    for folder in (frameworks.SHARED / _TEMPLATE, frameworks.FOLDER / framework / _TEMPLATE):
        for file in sorted(folder.rglob(f"*{_SUFFIX}")):
            path = PurePosixPath(file.relative_to(folder)).with_suffix("")
            parts = [package if part == _PACKAGE else part for part in path.parts]
            text = string.Template(file.read_text(encoding="utf-8")).substitute(values)
            files[PurePosixPath(*parts)] = ProjectFile(text=text, executable=text.startswith("#!"))
    return files


def requirement(framework: str) -> str:
    """Return the requirement of a charm of the framework, as the file of a new project has it."""
    text = render(framework, "app")[CHARM / "requirements.txt"].text
    return next(line for line in text.splitlines() if line.startswith(f"paas-{framework}"))


def missing(framework: str, name: str, folder: Path) -> dict[PurePosixPath, ProjectFile]:
    """Return the files that an application needs to be deployed and does not have: ``rockcraft.yaml``, ``charm/``."""
    files = render(framework, name)
    charm = {path: file for path, file in files.items() if path.is_relative_to(CHARM)}
    rock = PurePosixPath(rock_recipe.FILE)
    return {
        **({} if (folder / rock).exists() else {rock: files[rock]}),
        **({} if (folder / CHARM).exists() else charm),
    }


def write(folder: Path, files: Mapping[PurePosixPath, ProjectFile]) -> None:
    """Write new files; an existing one raises ``FileExistsError``."""
    for relative, file in files.items():
        path = folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as stream:
            stream.write(file.text)
        if file.executable:
            path.chmod(path.stat().st_mode | (path.stat().st_mode & 0o444) >> 2)


def lock(charm: Path) -> str:
    """Write the ``uv.lock`` of a new charm; return what to tell its author."""
    try:
        python_environments.lock(charm)
    except ProjectError as error:
        return f"  no {charm}/uv.lock, which base ubuntu@26.04 needs (type uv lock in that folder): {error}"
    return f"  {charm}/uv.lock"


def name_problem(framework: str, name: str) -> str | None:
    """Return why a project cannot have this name; the application, the image and the package have it too."""
    if not names.APPLICATION_NAME.fullmatch(name):
        return f'invalid name "{name}": lower-case letters, digits and dashes, with a letter in each part, as my-app'
    if name.replace("-", "_") in {framework, *sys.stdlib_module_names}:
        return f'invalid name "{name}": a module of that name exists already; try {name}-app'
    return None


def application_name(folder: str) -> str:
    """Derive an application's name from a folder's."""
    parts = list(_parts(folder.lower()))
    return "-".join(parts) or "app"


def _parts(folder: str) -> Iterator[str]:
    """Yield the parts that can be in an application's name: those that begin with a letter."""
    for part in re.split(r"[^a-z0-9]+", folder):
        kept = part.lstrip("0123456789")
        if kept:
            yield kept


def is_empty(folder: Path) -> bool:
    """Return whether a folder is empty or does not exist."""
    with project_errors(folder):
        return not folder.exists() or not any(folder.iterdir())
