"""What rockcraft would put into the image of a project: its parts, its services and what an extension adds."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from . import entrypoints, environments, project
from .environments import Progress, Requirements
from .project import ProjectError

FILE = "rockcraft.yaml"

_FLASK_FILES = (
    "app", "app.py", "main.py", "src", "migrate", "migrate.sh", "migrate.py", "static", "templates",
)  # fmt: skip
_FLASK_APP = "flask/app"
_FLASK_PART = "flask-framework/install-app"
_GUNICORN = "gunicorn~=23.0"
_GUNICORN_CONFIG = """\
bind = ["0.0.0.0:8000"]
chdir = "/flask/app"
statsd_host = "localhost:9125"
"""
# JSON is YAML too, which the real exporter reads.
STATSD_MAPPING = json.dumps(
    {
        "mappings": [
            {"match": "gunicorn.request.status.*", "name": "flask_response_code", "labels": {"status": "$1"}},
            {"match": "gunicorn.requests", "name": "flask_requests"},
            {"match": "gunicorn.request.duration", "name": "flask_request_duration"},
        ]
    },
    indent=2,
)
_STATSD_COMMAND = (
    "/bin/statsd_exporter --statsd.mapping-config=/statsd-mapping.conf"
    " --statsd.listen-udp=localhost:9125 --statsd.listen-tcp=localhost:9125"
)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """An image as it should become; paths in it are absolute."""

    name: str
    files: Mapping[str, Path] = field(default_factory=dict[str, Path])
    """Path in the image to a file or folder of this machine."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    programs: Mapping[str, Path] = field(default_factory=dict[str, Path])
    folders: tuple[str, ...] = ()
    requirements: Requirements | None = None
    layer: Mapping[str, Any] = field(default_factory=dict[str, Any])
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def read(source: Path, progress: Progress) -> Recipe:
    """Read a project's ``rockcraft.yaml`` and what it refers to."""
    if not source.is_dir():
        raise ProjectError(f"{source}: no such folder; give the folder of a {FILE}, as ./app")
    if not (source / FILE).is_file():
        raise ProjectError(f"{source}: has no {FILE}; give the folder of one, as ./app")
    rock = project.load(source / FILE)
    if not isinstance(rock.get("name"), str):
        raise ProjectError(f"{source / FILE}: name: missing; add it, as name: my-app")
    environment = {name: str(value) for name, value in project.section(rock, "environment", file=FILE).items()}
    recipe = Recipe(name=rock["name"], environment=environment, layer=_layer(rock))
    for extension in sorted(project.texts(rock, "extensions", FILE)):
        if extension not in _EXTENSIONS:
            raise ProjectError(f"{FILE}: extensions: {extension} is not known; known are: {', '.join(_EXTENSIONS)}")
        recipe = _EXTENSIONS[extension](source, rock, recipe)
    for name, part in project.entries(rock, "parts", file=FILE).items():
        if packages := project.texts(part, "stage-packages", f"{FILE}: parts.{name}"):
            progress(f"{', '.join(packages)}: used from this machine, where it has them")
        if not name.startswith("flask-framework/"):
            recipe = _with_part(source, name, part, recipe)
    return recipe


def _layer(rock: Mapping[str, Any]) -> dict[str, Any]:
    named = {"summary": rock.get("summary"), "description": rock.get("description")}
    sections = {key: project.entries(rock, key, file=FILE) for key in ("services", "checks")}
    return {key: value for key, value in {**named, **sections}.items() if value}


def _flask(source: Path, rock: Mapping[str, Any], recipe: Recipe) -> Recipe:
    own = project.entries(recipe.layer, "services", file=FILE)
    requirements, asynchronous = _flask_requirements(source, rock)
    services = {"flask": own.get("flask", {}), "statsd-exporter": own.get("statsd-exporter", {})}
    if "command" not in services["flask"]:
        worker = "gevent" if asynchronous else "sync"
        entrypoint = entrypoints.find(source, recipe.name)
        command = f"/bin/python3 -m gunicorn -c /flask/gunicorn.conf.py '{entrypoint}' -k [ {worker} ]"
        services["flask"] = {**services["flask"], "command": command}
    defaults = {
        "flask": {"override": "replace", "startup": "enabled", "after": ["statsd-exporter"], "user": "_daemon_"},
        "statsd-exporter": {
            "override": "merge",
            "command": _STATSD_COMMAND,
            "startup": "enabled",
            "user": "_daemon_",
        },
    }
    merged = {name: {**defaults[name], **service} for name, service in services.items()}
    return replace(
        recipe,
        files={**recipe.files, **_flask_files(source, rock)},
        texts={"/flask/gunicorn.conf.py": _GUNICORN_CONFIG, "/statsd-mapping.conf": STATSD_MAPPING},
        programs={"/bin/statsd_exporter": Path(__file__).with_name("statsd_exporter.py")},
        folders=("/var/log/flask", "/opt/promtail", "/etc/promtail"),
        requirements=requirements,
        layer={**recipe.layer, "services": {**merged, **{name: own[name] for name in own if name not in merged}}},
    )


def _flask_requirements(source: Path, rock: Mapping[str, Any]) -> tuple[Requirements, bool]:
    """Tell what is installed, and whether gevent is part of what the author asks for."""
    named = [name for name in ("requirements.txt", "pyproject.toml") if (source / name).is_file()]
    if not named:
        raise ProjectError(f"{source}: has no requirements.txt; add one with the line `flask`")
    asked = Requirements(source=source, files=(named[0],))
    direct = environments.named(environments.resolve(asked, direct=True))
    if "flask" not in direct:
        raise ProjectError(f"{source / named[0]}: does not name flask; add it")
    parts = project.entries(rock, "parts", file=FILE)
    more = tuple(
        package
        for name, part in parts.items()
        if name.startswith("flask-framework/")
        for package in project.texts(part, "python-packages", f"{FILE}: parts.{name}")
    )
    asynchronous = "gevent" in direct or any("gevent" in package for package in more)
    return replace(asked, lines=(_GUNICORN, *more)), asynchronous


def _flask_files(source: Path, rock: Mapping[str, Any]) -> dict[str, Path]:
    part = project.section(rock, "parts", _FLASK_PART, file=FILE)
    primed = project.texts(part, "prime", f"{FILE}: parts.{_FLASK_PART}")
    for item in primed:
        if not item.lstrip("-").startswith(_FLASK_APP):
            raise ProjectError(f"{FILE}: parts.{_FLASK_PART}.prime: {item} has to begin with {_FLASK_APP}/")
    patterns = [item.replace(_FLASK_APP, "", 1).replace("-/", "-").strip("/") for item in primed] or _FLASK_FILES
    return {f"/{_FLASK_APP}/{name}": source / name for name in _chosen(source, patterns)}


def _with_part(source: Path, name: str, part: Mapping[str, Any], recipe: Recipe) -> Recipe:
    where = f"{FILE}: parts.{name}"
    plugin = part.get("plugin", name)
    if plugin not in _PLUGINS:
        raise ProjectError(f"{where}.plugin: {plugin} is not known here; known are: {', '.join(_PLUGINS)}")
    below = source / str(part.get("source", "."))
    if not below.is_dir():
        raise ProjectError(f"{where}.source: {below} is not a folder of this machine")
    return _PLUGINS[plugin](below, where, part, recipe)


def _python(source: Path, where: str, part: Mapping[str, Any], recipe: Recipe) -> Recipe:
    files = tuple(str(source / name) for name in project.texts(part, "python-requirements", where))
    lines = project.texts(part, "python-packages", where)
    before = recipe.requirements or Requirements(source=source)
    more = replace(before, files=(*before.files, *files), lines=(*before.lines, *lines))
    return replace(recipe, requirements=more)


def _dump(source: Path, where: str, part: Mapping[str, Any], recipe: Recipe) -> Recipe:
    moved = project.section(part, "organize", file=where)
    patterns = project.texts(part, "stage", where) or project.texts(part, "prime", where) or ("*",)
    names = {name: str(moved.get(name, name)).strip("/") for name in _chosen(source, tuple(patterns))}
    placed = {f"/{target}": source / name for name, target in names.items() if name != FILE}
    return replace(recipe, files={**recipe.files, **placed})


def _nil(source: Path, where: str, part: Mapping[str, Any], recipe: Recipe) -> Recipe:  # noqa: ARG001 - a plugin
    return recipe


def _chosen(source: Path, patterns: tuple[str, ...] | list[str]) -> Iterator[str]:
    """Give the files and folders that craft's lists of patterns name; a minus leaves out."""
    out = {path for item in patterns if item.startswith("-") for path in source.glob(item[1:])}
    for item in patterns:
        for path in sorted(source.glob(item)) if item and not item.startswith("-") else ():
            if path not in out:
                yield str(PurePosixPath(path.relative_to(source)))


_EXTENSIONS: Mapping[str, Callable[[Path, Mapping[str, Any], Recipe], Recipe]] = {"flask-framework": _flask}
_PLUGINS: Mapping[str, Callable[[Path, str, Mapping[str, Any], Recipe], Recipe]] = {
    "dump": _dump,
    "nil": _nil,
    "python": _python,
}
