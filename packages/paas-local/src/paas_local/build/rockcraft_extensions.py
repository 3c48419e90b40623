"""Rockcraft's extensions: what a framework adds to a recipe."""

import os
from collections.abc import Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from paas_local.build import part_files, python_environments, yaml_files
from paas_local.build.errors import ProjectError
from paas_local.build.frameworks import entrypoints
from paas_local.build.frameworks.framework import Framework, Project, Start
from paas_local.build.interpreters import Interpreter
from paas_local.build.progress import Progress, warn
from paas_local.build.python_environments import Requirements
from paas_local.build.rock_recipe import FILE, Recipe

_NOT_INSTALLED = ("node_modules", ".git", ".yarn", "*.rock")
"""Names that a list which only excludes leaves out too."""


def extend(framework: Framework, source: Path, rock: Mapping[str, Any], recipe: Recipe, progress: Progress) -> Recipe:
    """Add what the extension adds; what the author has set is kept."""
    requirements, packages = _requirements(framework, source, rock, recipe.python)
    project = Project(source=source, name=recipe.name, rock=rock, packages=packages)
    services = yaml_files.mappings(recipe.layer, "services", file=FILE)
    start = _start(framework, project)
    part = _install_part(framework, project)
    tree = _files(framework, project, part, progress) if part is not None else part_files.EMPTY
    main = {"override": "replace", "startup": "enabled", **({"command": start.command} if start else {})}
    added = {framework.name: {**main, **framework.service, "user": "_daemon_"}, **framework.more_services}
    return replace(
        with_tree(recipe, tree),
        texts={**recipe.texts, **framework.texts},
        programs={**recipe.programs, **framework.programs},
        compile=(partial(framework.compile, project, progress),) if framework.compile else (),
        folders=(*framework.folders, *(f"/{name}" for name in tree.empty_folders)),
        requirements=requirements,
        layer={**recipe.layer, "services": _services(added, services)},
    )


def _requirements(
    framework: Framework, source: Path, rock: Mapping[str, Any], python: Interpreter
) -> tuple[Requirements | None, frozenset[str]]:
    """Return what is installed, and the packages that the author requires."""
    packages = framework.packages
    if packages is None:
        return None, frozenset()
    file = next((name for name in packages.files if (source / name).is_file()), None)
    if file is None:
        raise ProjectError(f"{source}: has no {packages.files[0]}; add one with the line `{packages.required[0]}`")
    requirements = Requirements(source=source, files=(file,), python=python)
    direct = python_environments.package_names(python_environments.resolve(requirements, direct=True))
    if not direct & {*packages.required}:
        raise ProjectError(f"{source / file}: does not name {' or '.join(packages.required)}; add it")
    more = tuple(
        line
        for name, part in yaml_files.mappings(rock, "parts", file=FILE).items()
        if framework.owns(name)
        for line in yaml_files.strings(part, "python-packages", f"{FILE}: parts.{name}")
    )
    extras = {"gevent" for line in more if "gevent" in line}
    return replace(requirements, lines=(packages.server, *more)), direct | extras


def _services(added: Mapping[str, Mapping[str, Any]], own: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Put the extension's services before the author's; the author's keys win."""
    both = {name: _service(service, own.get(name, {})) for name, service in added.items()}
    return {**both, **{name: service for name, service in own.items() if name not in both}}


def _service(added: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    key = "environment"
    variables = {**yaml_files.mapping(added, key), **yaml_files.mapping(own, key, file=f"{FILE}: services")}
    return {**added, **own, **({key: variables} if variables else {})}


def with_tree(recipe: Recipe, tree: part_files.Tree) -> Recipe:
    """Add the files and the empty folders of a part."""
    files = {f"/{name}": file for name, file in tree.files.items()}
    folders = (f"/{name}" for name in tree.empty_folders)
    return replace(recipe, files={**recipe.files, **files}, folders=(*recipe.folders, *folders))


def default_entries(framework: Framework, project: Project) -> tuple[str, ...]:
    """Return the application's files without a list of the author, as they are in the image."""
    start = _start(framework, project)
    names = (*framework.files.default, *(start.files if start else ()))
    existing = (name for name in names if _excludes(name) or _exists(framework, project, name))
    return tuple(_in_image(name, framework.app) for name in existing)


def _start(framework: Framework, project: Project) -> Start | None:
    """Return the command of the main service, or None if the author has set it."""
    service = yaml_files.mapping(project.rock, "services", framework.name, file=FILE)
    return None if "command" in service else framework.start(project)


def _install_part(framework: Framework, project: Project) -> dict[str, Any] | None:
    """Return the part with the application's files, or None if the extension adds no such part.

    A list that begins with an exclusion, and an empty one, start from everything.
    """
    part, key = project.part(framework.files.part), framework.files.key
    if key is None and part:
        return None
    entries = _own_entries(framework, project, part) or default_entries(framework, project)
    if entries and not _excludes(entries[0]):
        moves = {_relative(entry, framework.app): entry for entry in entries if not _excludes(entry)}
        added: dict[str, Any] = {"organize": moves, "stage": entries}
    elif key == "stage":
        return None
    else:
        names = (item.name for item in sorted(_folder(framework, project).iterdir()))
        installed = (name for name in names if not any(fnmatchcase(name, pattern) for pattern in _NOT_INSTALLED))
        moves = {name: f"{framework.app}/{name}" for name in installed}
        added = {"organize": moves, "stage": [*moves.values()], "prime": entries}
    where = f"{FILE}: parts.{framework.files.part}"
    return {
        **part,
        "organize": {**moves, **yaml_files.mapping(part, "organize", file=where)},
        **{
            name: list(dict.fromkeys((*added.get(name, ()), *yaml_files.strings(part, name, where))))
            for name in ("stage", "prime")
        },
    }


def _own_entries(framework: Framework, project: Project, part: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the files that the author lists, as they are in the image."""
    key, where = framework.files.key, f"{FILE}: parts.{framework.files.part}"
    entries = yaml_files.strings(part, key, where) if key else ()
    for entry in entries:
        if not entry.lstrip("- ").startswith(f"{framework.app}/"):
            raise ProjectError(f"{where}.{key}: {entry} must begin with {framework.app}/")
        if _excludes(entry):
            continue
        name = _relative(entry, framework.app)
        if "*" in name:
            raise ProjectError(f"{where}.{key}: {entry} must be a file or a folder (the extension takes no patterns)")
        if not _exists(framework, project, name):
            raise ProjectError(f"{where}.{key}: {entry} must exist (there is no {_folder(framework, project) / name})")
    return entries


def _files(framework: Framework, project: Project, part: Mapping[str, Any], progress: Progress) -> part_files.Tree:
    where = f"{FILE}: parts.{framework.files.part}"
    moves = yaml_files.mapping(part, "organize", file=where)
    only = {PurePosixPath(name).parts[0] for name in moves}
    tree = part_files.of_part(part_files.read(_folder(framework, project), sorted(only)), where, part)
    if not tree.files:
        warn(progress, f"{where} puts no file into the image (see its {framework.files.key or 'stage'})")
    return tree


def _folder(framework: Framework, project: Project) -> Path:
    """Return the folder with the application's files."""
    return project.source / entrypoints.package_name(project.name) if framework.files.in_package else project.source


def _exists(framework: Framework, project: Project, name: str) -> bool:
    return os.path.lexists(_folder(framework, project) / name)


def _excludes(entry: str) -> bool:
    return entry.startswith("-")


def _in_image(name: str, app: str) -> str:
    return f"-{app}/{name[1:]}" if _excludes(name) else f"{app}/{name}"


def _relative(entry: str, app: str) -> str:
    return entry.removeprefix(f"{app}/").rstrip("/")
