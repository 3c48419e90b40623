"""Which framework the application in a folder is written with, and how one can tell."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from paas_local.build import rockcraft, yaml_files
from paas_local.build.errors import ProjectError
from paas_local.cli import scaffold

_EXTENSION = "-framework"
_PYTHON = ("django", "fastapi", "flask")
_MANAGE = "manage.py"
_FILES = ("requirements.txt", "pyproject.toml")
# A requirement's name, at the beginning of a line or of a text in TOML.
_NAMED = re.compile(rf"""(?:^|["'])\s*({"|".join(_PYTHON)})\b(?![-_.])""", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Detected:
    """A framework, and the reason to think so."""

    framework: str
    reason: str
    name: str
    """What the image has to be called, where the framework cares; else the folder's name."""


def find(folder: Path) -> Detected:
    """Find the framework: the image's file says it, else the files of the application."""
    name = scaffold.application_name(folder.name)
    if (folder / rockcraft.FILE).is_file():
        return _named(folder / rockcraft.FILE, name)
    if (folder / "go.mod").is_file():
        return Detected(framework="go", reason="there is a go.mod", name=name)
    if found := next(_manage(folder), None):
        # The image's name leads rockcraft to the project.
        package = found.parent.name
        return Detected(framework="django", reason=f"there is a {package}/{_MANAGE}", name=package.replace("_", "-"))
    if (folder / _MANAGE).is_file():
        raise ProjectError(f"{folder}: {_MANAGE} has to be one folder further down, as {name}/{_MANAGE}: move it")
    return _required(folder, name)


def _named(file: Path, name: str) -> Detected:
    extensions = yaml_files.strings(yaml_files.load(file), "extensions", rockcraft.FILE)
    for extension in extensions:
        framework = extension.removesuffix(_EXTENSION)
        if framework in scaffold.FRAMEWORKS and extension != framework:
            return Detected(framework=framework, reason=f"{rockcraft.FILE} names the extension {extension}", name=name)
    known = ", ".join(f"{framework}{_EXTENSION}" for framework in scaffold.FRAMEWORKS)
    raise ProjectError(f"{file}: extensions: names none of {known}; add one, or use: paas-local deploy")


def _manage(folder: Path) -> Iterator[Path]:
    return (file for file in sorted(folder.glob(f"*/{_MANAGE}")) if (file.parent / file.parent.name).is_dir())


def _required(folder: Path, name: str) -> Detected:
    for file in _FILES:
        if not (folder / file).is_file():
            continue
        text = (folder / file).read_text(encoding="utf-8", errors="replace")
        named = sorted({match.group(1).lower() for match in _NAMED.finditer(text)})
        match named:
            case [framework]:
                return Detected(framework=framework, reason=f"{file} names {framework}", name=name)
            case [_, *_]:
                raise ProjectError(
                    f"{folder / file}: names {' and '.join(named)}; say which in a {rockcraft.FILE}:"
                    f" extensions: [{named[0]}{_EXTENSION}]"
                )
            case _:
                pass
    raise ProjectError(
        f"{folder}: no framework found: no {rockcraft.FILE}, go.mod or {_MANAGE}, and no flask, django or fastapi"
        f" in {' or '.join(_FILES)}; for a new project: paas-local new flask NAME"
    )
