"""Rockcraft's extensions: what a framework adds to a recipe."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from paas_local.build import python_environments, yaml_files
from paas_local.build.errors import ProjectError
from paas_local.build.frameworks import entrypoints
from paas_local.build.frameworks.framework import Framework, Project
from paas_local.build.progress import Progress
from paas_local.build.python_environments import Requirements
from paas_local.build.rock_recipe import FILE, Recipe, matching


def extend(framework: Framework, source: Path, rock: Mapping[str, Any], recipe: Recipe, progress: Progress) -> Recipe:
    """Add what the extension adds; what the author has set is kept."""
    requirements, packages = _requirements(framework, source, rock)
    project = Project(source=source, name=recipe.name, rock=rock, packages=packages)
    services = yaml_files.mappings(recipe.layer, "services", file=FILE)
    own_command = "command" in services.get(framework.name, {})
    start = None if own_command else framework.start(project)
    files = _files(framework, project, start.files if start else ())
    main = {"override": "replace", "startup": "enabled", **({"command": start.command} if start else {})}
    added = {framework.name: {**main, **framework.service, "user": "_daemon_"}, **framework.more_services}
    return replace(
        recipe,
        files={**recipe.files, **files},
        texts={**recipe.texts, **framework.texts},
        programs={**recipe.programs, **framework.programs},
        compile=(partial(framework.compile, project, progress),) if framework.compile else (),
        folders=framework.folders,
        requirements=requirements,
        layer={**recipe.layer, "services": _services(added, services)},
    )


def _requirements(
    framework: Framework, source: Path, rock: Mapping[str, Any]
) -> tuple[Requirements | None, frozenset[str]]:
    """Return what is installed, and the packages that the author requires."""
    packages = framework.packages
    if packages is None:
        return None, frozenset()
    file = next((name for name in packages.files if (source / name).is_file()), None)
    if file is None:
        raise ProjectError(f"{source}: has no {packages.files[0]}; add one with the line `{packages.required[0]}`")
    requirements = Requirements(source=source, files=(file,))
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


def _files(framework: Framework, project: Project, needed: tuple[str, ...]) -> dict[str, Path]:
    files = framework.files
    part = project.part(files.part)
    if files.key is None and part:
        return {}
    listed = yaml_files.strings(part, files.key, f"{FILE}: parts.{files.part}") if files.key else ()
    for item in listed:
        if not item.lstrip("- ").startswith(f"{framework.app}/"):
            raise ProjectError(f"{FILE}: parts.{files.part}.{files.key}: {item} must begin with {framework.app}/")
    patterns = [_relative(item, framework.app) for item in listed] or [*files.default, *needed]
    source = project.source / entrypoints.package_name(project.name) if files.in_package else project.source
    return {f"/{framework.app}/{name}": source / name for name in matching(source, patterns)}


def _relative(pattern: str, folder: str) -> str:
    minus = "-" if pattern.startswith("-") else ""
    return minus + pattern.lstrip("- ").removeprefix(f"{folder}/").rstrip("/")
