"""Rockcraft's reading of a project: its parts, its services and its extensions become a recipe."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from paas_local.build import frameworks, go_build, interpreters, part_files, rockcraft_extensions, yaml_files
from paas_local.build.errors import ProjectError
from paas_local.build.frameworks.framework import Framework
from paas_local.build.interpreters import Interpreter
from paas_local.build.progress import Progress, warn
from paas_local.build.python_environments import Requirements
from paas_local.build.rock_recipe import FILE, Recipe


def read(source: Path, progress: Progress) -> Recipe:
    """Read a project's ``rockcraft.yaml`` and the files that it names."""
    if not source.is_dir():
        raise ProjectError(f"{source}: no such folder; give the folder of a {FILE}, as ./app")
    if not (source / FILE).is_file():
        raise ProjectError(f"{source}: has no {FILE}; give the folder of one, as ./app")
    rock = yaml_files.load(source / FILE)
    if not isinstance(rock.get("name"), str):
        raise ProjectError(f"{source / FILE}: name: missing; add it, as name: my-app")
    environment = {name: str(value) for name, value in yaml_files.mapping(rock, "environment", file=FILE).items()}
    extensions = [_extension(name) for name in sorted(yaml_files.strings(rock, "extensions", FILE))]
    recipe = Recipe(name=rock["name"], environment=environment, layer=_layer(rock))
    if any(framework.packages for framework in extensions) or _has_python_part(rock):
        recipe = replace(recipe, python=_interpreter(source, rock, progress))
    for framework in extensions:
        recipe = rockcraft_extensions.extend(framework, source, rock, recipe, progress)
    for name, part in yaml_files.mappings(rock, "parts", file=FILE).items():
        packages = yaml_files.strings(part, "stage-packages", f"{FILE}: parts.{name}")
        recipe = replace(recipe, packages=(*recipe.packages, *packages))
        if not any(framework.owns(name) for framework in extensions):
            recipe = _with_part(source, name, part, recipe, progress)
    return recipe


def _extension(name: str) -> Framework:
    framework = frameworks.find_extension(name)
    if framework is None:
        known = ", ".join(frameworks.extensions())
        raise ProjectError(f"{FILE}: extensions: {name} is not known; known are: {known}")
    return framework


def _has_python_part(rock: Mapping[str, Any]) -> bool:
    parts = yaml_files.mappings(rock, "parts", file=FILE)
    return any(part.get("plugin", name) == "python" for name, part in parts.items())


def _interpreter(source: Path, rock: Mapping[str, Any], progress: Progress) -> Interpreter:
    key = "build-base" if rock.get("base") == "bare" else "base"
    base = str(rock.get(key, "")).replace(":", "@")
    return interpreters.choose(source.resolve(), base, f"{FILE}: {key}", progress)


def _layer(rock: Mapping[str, Any]) -> dict[str, Any]:
    texts = {"summary": rock.get("summary"), "description": rock.get("description")}
    sections = {key: yaml_files.mappings(rock, key, file=FILE) for key in ("services", "checks")}
    return {key: value for key, value in {**texts, **sections}.items() if value}


def _with_part(source: Path, name: str, part: Mapping[str, Any], recipe: Recipe, progress: Progress) -> Recipe:
    where = f"{FILE}: parts.{name}"
    plugin = part.get("plugin", name)
    if plugin not in _PLUGINS:
        raise ProjectError(f"{where}.plugin: {plugin} is not known here; known are: {', '.join(_PLUGINS)}")
    folder = source / str(part.get("source", "."))
    if not folder.is_dir():
        raise ProjectError(f"{where}.source: {folder} is not a folder of this machine")
    return _PLUGINS[plugin](folder, where, part, recipe, progress)


def _python(source: Path, where: str, part: Mapping[str, Any], recipe: Recipe, _: Progress) -> Recipe:
    files = tuple(str(source / name) for name in yaml_files.strings(part, "python-requirements", where))
    lines = yaml_files.strings(part, "python-packages", where)
    requirements = recipe.requirements or Requirements(source=source, python=recipe.python)
    requirements = replace(requirements, files=(*requirements.files, *files), lines=(*requirements.lines, *lines))
    return replace(recipe, requirements=requirements)


def _dump(source: Path, where: str, part: Mapping[str, Any], recipe: Recipe, progress: Progress) -> Recipe:
    tree = part_files.of_part(part_files.read(source), where, part)
    if not tree.files:
        warn(progress, f"{where} puts no file into the image (see its source, organize, stage and prime)")
    return rockcraft_extensions.with_tree(recipe, tree)


def _go(source: Path, where: str, part: Mapping[str, Any], recipe: Recipe, progress: Progress) -> Recipe:
    settings = go_build.settings(part, where)

    def programs(folder: Path) -> dict[str, Path]:
        built = go_build.build(source, settings, folder, progress)
        files = {f"bin/{name}": program for name, program in built.items()}
        tree = part_files.of_part(part_files.Tree(files=files, folders=frozenset({"bin"})), where, part)
        if not tree.files:
            warn(progress, f"{where} puts no program into the image (see its organize, stage and prime)")
        return {f"/{name}": program for name, program in tree.files.items()}

    return replace(recipe, compile=(*recipe.compile, programs))


def _nil(_source: Path, _where: str, _part: Mapping[str, Any], recipe: Recipe, _: Progress) -> Recipe:
    return recipe


_PLUGINS: Mapping[str, Callable[[Path, str, Mapping[str, Any], Recipe, Progress], Recipe]] = {
    "dump": _dump,
    "go": _go,
    "nil": _nil,
    "python": _python,
}
