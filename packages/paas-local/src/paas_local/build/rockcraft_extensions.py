"""What rockcraft's extension of each framework puts into an image."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from paas_local.build import entrypoints, go_build, python_environments, yaml_files
from paas_local.build.entrypoints import Wanted
from paas_local.build.errors import ProjectError
from paas_local.build.progress import Progress
from paas_local.build.python_environments import Requirements
from paas_local.build.rock_recipe import FILE, Recipe, chosen

_FLASK = Wanted(framework="Flask", objects=("app", "application"), factories=("create_app", "make_app"))
_FASTAPI = Wanted(framework="FastAPI", objects=("app",))
_PROMTAIL = ("/opt/promtail", "/etc/promtail")
_MIGRATE = ("migrate", "migrate.sh", "migrate.py")
_PAGES = ("static", "templates")
_BINARIES = "usr/local/bin"
_STATSD_EXPORTER = {
    "override": "merge",
    "command": (
        "/bin/statsd_exporter --statsd.mapping-config=/statsd-mapping.conf"
        " --statsd.listen-udp=localhost:9125 --statsd.listen-tcp=localhost:9125"
    ),
    "startup": "enabled",
    "user": "_daemon_",
}
_GUNICORN_CONFIG = """\
bind = ["0.0.0.0:8000"]
chdir = "/{name}/app"
statsd_host = "localhost:9125"
"""


@dataclass(frozen=True, kw_only=True)
class Project:
    """What an author's folder says of the application in it."""

    source: Path
    name: str
    rock: Mapping[str, Any]
    packages: frozenset[str]
    """Python packages that it asks for itself."""

    def part(self, name: str) -> dict[str, Any]:
        """Read one of the parts."""
        return yaml_files.mapping(self.rock, "parts", name, file=FILE)


@dataclass(frozen=True, kw_only=True)
class Start:
    """How the main service begins, and the files that it needs for that."""

    command: str
    files: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Files:
    """Which files of a project are the application's."""

    part: str
    """Where an author may name other files."""
    listed: str | None
    """The list of the part that names them; None if the author's part stands for itself."""
    usual: tuple[str, ...]
    in_package: bool = False
    """They lie in the folder that is called as the project's package."""


@dataclass(frozen=True, kw_only=True)
class Packages:
    """What is installed with pip: the author's requirements, and the server."""

    framework: tuple[str, ...]
    """One of these has to be required."""
    files: tuple[str, ...] = ("requirements.txt",)
    server: str


@dataclass(frozen=True, kw_only=True)
class Framework:
    """One extension."""

    name: str
    """Also of the main service."""
    app: str
    """The application's folder in the image, without the leading slash."""
    files: Files
    packages: Packages | None = None
    start: Callable[[Project], Start]
    service: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The main service, beside its command and what all have."""
    more_services: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    compile: Callable[[Project, Progress, Path], Mapping[str, Path]] | None = None
    """Makes programs in a folder; gives them by their places in the image."""
    texts: Mapping[str, str] = field(default_factory=dict[str, str])
    programs: Mapping[str, Path] = field(default_factory=dict[str, Path])
    folders: tuple[str, ...]

    def has(self, part: str) -> bool:
        """Tell whether a part of the project only adds to what the extension does."""
        if part == self.files.part and self.files.listed is None:
            return False
        return part.startswith(f"{self.name}-framework/")


def extend(framework: Framework, source: Path, rock: Mapping[str, Any], recipe: Recipe, progress: Progress) -> Recipe:
    """Add what the extension adds; what the author has set himself is kept."""
    requirements, packages = _requirements(framework, source, rock)
    told = Project(source=source, name=recipe.name, rock=rock, packages=packages)
    services = yaml_files.mappings(recipe.layer, "services", file=FILE)
    own_command = "command" in services.get(framework.name, {})
    start = None if own_command else framework.start(told)
    files = _files(framework, told, start.files if start else ())
    main = {"override": "replace", "startup": "enabled", **({"command": start.command} if start else {})}
    added = {framework.name: {**main, **framework.service, "user": "_daemon_"}, **framework.more_services}
    return replace(
        recipe,
        files={**recipe.files, **files},
        texts={**recipe.texts, **framework.texts},
        programs={**recipe.programs, **framework.programs},
        compile=(partial(framework.compile, told, progress),) if framework.compile else (),
        folders=framework.folders,
        requirements=requirements,
        layer={**recipe.layer, "services": _services(added, services)},
    )


def statsd_mapping(name: str) -> str:
    """Name what Gunicorn reports; JSON is YAML too, which the real exporter reads."""
    return json.dumps(
        {
            "mappings": [
                {"match": "gunicorn.request.status.*", "name": f"{name}_response_code", "labels": {"status": "$1"}},
                {"match": "gunicorn.requests", "name": f"{name}_requests"},
                {"match": "gunicorn.request.duration", "name": f"{name}_request_duration"},
            ]
        },
        indent=2,
    )


def _requirements(
    framework: Framework, source: Path, rock: Mapping[str, Any]
) -> tuple[Requirements | None, frozenset[str]]:
    """Tell what is installed, and what of it the author asks for."""
    packages = framework.packages
    if packages is None:
        return None, frozenset()
    words = " or ".join(packages.framework)
    file = next((name for name in packages.files if (source / name).is_file()), None)
    if file is None:
        raise ProjectError(f"{source}: has no {packages.files[0]}; add one with the line `{packages.framework[0]}`")
    asked = Requirements(source=source, files=(file,))
    direct = python_environments.package_names(python_environments.resolve(asked, direct=True))
    if not direct & {*packages.framework}:
        raise ProjectError(f"{source / file}: does not name {words}; add it")
    more = tuple(
        line
        for name, part in yaml_files.mappings(rock, "parts", file=FILE).items()
        if framework.has(name)
        for line in yaml_files.strings(part, "python-packages", f"{FILE}: parts.{name}")
    )
    extras = {"gevent" for line in more if "gevent" in line}
    return replace(asked, lines=(packages.server, *more)), direct | extras


def _services(added: Mapping[str, Mapping[str, Any]], own: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Put the extension's services before the author's; what the author says of one is kept."""
    both = {name: _service(service, own.get(name, {})) for name, service in added.items()}
    return {**both, **{name: service for name, service in own.items() if name not in both}}


def _service(added: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    key = "environment"
    variables = {**yaml_files.mapping(added, key), **yaml_files.mapping(own, key, file=f"{FILE}: services")}
    return {**added, **own, **({key: variables} if variables else {})}


def _files(framework: Framework, told: Project, needed: tuple[str, ...]) -> dict[str, Path]:
    files = framework.files
    part = told.part(files.part)
    if files.listed is None and part:
        return {}
    named = yaml_files.strings(part, files.listed, f"{FILE}: parts.{files.part}") if files.listed else ()
    for item in named:
        if not item.lstrip("- ").startswith(f"{framework.app}/"):
            raise ProjectError(f"{FILE}: parts.{files.part}.{files.listed}: {item} has to begin with {framework.app}/")
    patterns = [_below(item, framework.app) for item in named] or [*files.usual, *needed]
    source = told.source / entrypoints.package(told.name) if files.in_package else told.source
    return {f"/{framework.app}/{name}": source / name for name in chosen(source, patterns)}


def _below(item: str, folder: str) -> str:
    minus = "-" if item.startswith("-") else ""
    return minus + item.lstrip("- ").removeprefix(f"{folder}/").rstrip("/")


def _gunicorn(entrypoint: entrypoints.Entrypoint, name: str, told: Project) -> Start:
    worker = "gevent" if "gevent" in told.packages else "sync"
    return Start(command=f"/bin/python3 -m gunicorn -c /{name}/gunicorn.conf.py '{entrypoint}' -k [ {worker} ]")


def _flask(told: Project) -> Start:
    return _gunicorn(entrypoints.find(told.source, told.name, _FLASK), "flask", told)


def _django(told: Project) -> Start:
    return _gunicorn(entrypoints.django(told.source, told.name), "django", told)


def _fastapi(told: Project) -> Start:
    entrypoint = entrypoints.find(told.source, told.name, _FASTAPI)
    return Start(command=f"/bin/python3 -m uvicorn {entrypoint}", files=(entrypoint.file.parts[0],))


def _go(told: Project) -> Start:
    return Start(command=told.name)


def _go_programs(told: Project, progress: Progress, folder: Path) -> dict[str, Path]:
    """Compile the project; the program that is called as the image, or those that the author moves, are in it."""
    name = "go-framework/install-app"
    part, where = told.part(name), f"{FILE}: parts.{name}"
    built = go_build.build(told.source, go_build.settings(part, where), folder, progress)
    wanted = {target: source for source, target in yaml_files.mapping(part, "organize", file=where).items()}
    own_command = "command" in yaml_files.mapping(told.rock, "services", "go", file=FILE)
    if not own_command:
        wanted.setdefault(f"{_BINARIES}/{told.name}", f"bin/{told.name}")
    for source in wanted.values():
        if source.removeprefix("bin/") not in built:
            raise ProjectError(
                f"{told.source}: `go install` makes {', '.join(built) or 'no program'}, but not {told.name};"
                f" rename the module in go.mod, or set parts.{name}.organize in {FILE}"
            )
    return {f"/{target}": built[source.removeprefix("bin/")] for target, source in wanted.items()}


def _wsgi(name: str, files: Files, packages: Packages, start: Callable[[Project], Start]) -> Framework:
    """Describe a framework behind Gunicorn, with the exporter of its metrics."""
    return Framework(
        name=name,
        app=f"{name}/app",
        files=files,
        packages=packages,
        start=start,
        service={"after": ["statsd-exporter"]},
        more_services={"statsd-exporter": _STATSD_EXPORTER},
        texts={
            f"/{name}/gunicorn.conf.py": _GUNICORN_CONFIG.format(name=name),
            "/statsd-mapping.conf": statsd_mapping(name),
        },
        programs={"/bin/statsd_exporter": Path(__file__).with_name("statsd_exporter.py")},
        folders=(f"/var/log/{name}", *_PROMTAIL),
    )


_GUNICORN = "gunicorn~=23.0"
EXTENSIONS: Mapping[str, Framework] = {
    "django-framework": _wsgi(
        "django",
        Files(part="django-framework/install-app", listed=None, usual=("*", "-db.sqlite3"), in_package=True),
        Packages(framework=("django",), server=_GUNICORN),
        _django,
    ),
    "fastapi-framework": Framework(
        name="fastapi",
        app="app",
        files=Files(part="fastapi-framework/install-app", listed="prime", usual=(*_MIGRATE, *_PAGES)),
        packages=Packages(framework=("fastapi", "starlette"), server="uvicorn"),
        start=_fastapi,
        service={"working-dir": "/app", "environment": {"UVICORN_HOST": "0.0.0.0"}},  # noqa: S104 - in a pod
        folders=("/app", *_PROMTAIL),
    ),
    "flask-framework": _wsgi(
        "flask",
        Files(
            part="flask-framework/install-app",
            listed="prime",
            usual=("app", "app.py", "main.py", "src", *_MIGRATE, *_PAGES),
        ),
        Packages(framework=("flask",), files=("requirements.txt", "pyproject.toml"), server=_GUNICORN),
        _flask,
    ),
    "go-framework": Framework(
        name="go",
        app="app",
        files=Files(part="go-framework/assets", listed="stage", usual=("migrate", "migrate.sh", *_PAGES)),
        start=_go,
        service={"working-dir": "/app"},
        compile=_go_programs,
        folders=("/app", *_PROMTAIL),
    ),
}
