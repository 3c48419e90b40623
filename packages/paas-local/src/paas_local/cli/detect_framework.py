"""Detection of the framework that the application in a folder is written with."""

import re
from dataclasses import dataclass
from pathlib import Path

from paas_local.build import frameworks, rock_recipe, yaml_files
from paas_local.build.errors import ProjectError
from paas_local.build.frameworks.framework import Framework, Marker
from paas_local.cli import scaffold

_REQUIREMENT_FILES = ("requirements.txt", "pyproject.toml")


@dataclass(frozen=True, kw_only=True)
class Detected:
    """A framework, and the reason for choosing it."""

    framework: str
    reason: str
    name: str
    """Name for the image and the application."""


def find(folder: Path) -> Detected:
    """Read the framework from ``rockcraft.yaml``, else from the application's own files."""
    name = scaffold.application_name(folder.name)
    if (folder / rock_recipe.FILE).is_file():
        return _from_extension(folder / rock_recipe.FILE, name)
    known = [frameworks.load(each) for each in frameworks.names()]
    markers = {framework.name: framework.marker for framework in known if framework.marker}
    return _from_marker(folder, name, markers) or _from_requirements(folder, name, known)


def _from_extension(file: Path, name: str) -> Detected:
    for extension in yaml_files.strings(yaml_files.load(file), "extensions", file.name):
        if framework := frameworks.find_extension(extension):
            reason = f"{file.name} names the extension {extension}"
            return Detected(framework=framework.name, reason=reason, name=name)
    known = ", ".join(frameworks.extensions())
    raise ProjectError(f"{file}: extensions: names none of {known}; add one, or use: paas-local deploy")


def _from_marker(folder: Path, name: str, markers: dict[str, Marker]) -> Detected | None:
    """Choose the framework whose marker is nearest to the top of the folder."""
    matches = [
        (framework, marker, file.relative_to(folder))
        for framework, marker in markers.items()
        for file in sorted(folder.glob(marker.pattern))
        if file.is_file() and marker.accepts(file)
    ]
    if matches:
        framework, marker, file = min(matches, key=lambda each: len(each[2].parts))
        # Rockcraft looks for the project under the image's name.
        name = file.parent.name.replace("_", "-") if marker.names_project else name
        return Detected(framework=framework, reason=f"there is a {file}", name=name)
    for marker in markers.values():
        if marker.names_project and (folder / marker.file).is_file():
            raise ProjectError(
                f"{folder}: {marker.file} must be one folder further down, as {name}/{marker.file}: move it"
            )
    return None


def _from_requirements(folder: Path, name: str, known: list[Framework]) -> Detected:
    packages = {framework.packages.required[0]: framework for framework in known if framework.packages}
    # A requirement's name, at the beginning of a line or of a string in TOML.
    pattern = re.compile(rf"""(?:^|["'])\s*({"|".join(packages)})\b(?![-_.])""", re.IGNORECASE | re.MULTILINE)
    for file in _REQUIREMENT_FILES:
        if not (folder / file).is_file():
            continue
        text = (folder / file).read_text(encoding="utf-8", errors="replace")
        match sorted({match.group(1).lower() for match in pattern.finditer(text)}):
            case [package]:
                return Detected(framework=packages[package].name, reason=f"{file} names {package}", name=name)
            case [first, *_] as several:
                raise ProjectError(
                    f"{folder / file}: names {' and '.join(several)}; choose one in a {rock_recipe.FILE}:"
                    f" extensions: [{packages[first].extension}]"
                )
            case _:
                pass
    raise ProjectError(_no_framework(folder, known))


def _no_framework(folder: Path, known: list[Framework]) -> str:
    files = " or ".join(sorted({framework.marker.file for framework in known if framework.marker}))
    *packages, last = (framework.packages.required[0] for framework in known if framework.packages)
    return (
        f"{folder}: no framework found: no {rock_recipe.FILE}, {files}, and no {', '.join(packages)} or {last}"
        f" in {' or '.join(_REQUIREMENT_FILES)}; for a new project: paas-local new FRAMEWORK NAME"
    )
