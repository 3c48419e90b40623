"""Where a Python web application begins: found by reading its files, not by running them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from paas_local.build.errors import ProjectError

_FILES = ("app.py", "main.py")
_PACKAGE_FILES = ("__init__.py", *_FILES)
_DJANGO_PACKAGE = "mysite"
_DJANGO_FILE = "wsgi.py"


@dataclass(frozen=True, kw_only=True)
class Entrypoint:
    """An object of a module, or a factory of one."""

    file: PurePosixPath
    """Below the folder that the module is imported from."""
    name: str
    called: bool = False

    def __str__(self) -> str:
        """Write it the way Gunicorn and Uvicorn read it."""
        module = ".".join(part for part in self.file.with_suffix("").parts if part != "__init__")
        return f"{module}:{self.name}{'()' if self.called else ''}"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The names that a framework's application may have; any object goes before any factory, as in rockcraft."""

    framework: str
    objects: tuple[str, ...]
    factories: tuple[str, ...] = ()


def find(source: Path, name: str, wanted: Wanted) -> Entrypoint:
    """Find where the project called ``name`` has what is wanted."""
    places = tuple(_places(source, name))
    bound = {place: _names(source, place) for place in places}
    for names, called in ((wanted.objects, False), (wanted.factories, True)):
        for place in places:
            for one in names:
                if one in bound[place]:
                    return Entrypoint(file=place, name=one, called=called)
    found = f"no `app` object in {', '.join(map(str, places))}" if places else f"no {' or '.join(_FILES)}"
    raise ProjectError(
        f"{source}: {found}; name your {wanted.framework} object `app` in app.py,"
        f" or set services.{wanted.framework.lower()}.command in rockcraft.yaml"
    )


def django(source: Path, name: str) -> Entrypoint:
    """Find the WSGI module of a Django project, in its folder inside ``source``."""
    folder = package(name)
    places = [PurePosixPath(inner, _DJANGO_FILE) for inner in (folder, _DJANGO_PACKAGE)]
    there = [place for place in places if (source / folder / place).is_file()]
    for place in there:
        if "application" in _names(source / folder, place):
            return Entrypoint(file=place, name="application")
    found = f"no `application` in {folder}/{there[0]}" if there else f"no {folder}/{places[0]}"
    raise ProjectError(
        f"{source}: {found}; make the project with `django-admin startproject {folder}` beside rockcraft.yaml,"
        " or set services.django.command there"
    )


def package(name: str) -> str:
    """Name the Python package of a project, as rockcraft derives it."""
    return name.replace("-", "_").lower()


def _places(source: Path, name: str) -> Iterator[PurePosixPath]:
    folders = dict.fromkeys(("app", "src", package(name)))
    places = (
        *(PurePosixPath(file) for file in _FILES),
        *(PurePosixPath(folder, file) for folder in folders for file in _PACKAGE_FILES),
    )
    return (place for place in places if (source / place).is_file())


def _names(source: Path, file: PurePosixPath) -> frozenset[str]:
    try:
        module = ast.parse((source / file).read_bytes())
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else f": {error}"
        raise ProjectError(f"{file}{line}") from error
    return frozenset(name for statement in module.body for name in _bound(statement))


def _bound(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.FunctionDef(name=name):
            yield name
        case ast.ImportFrom(names=names):
            yield from (alias.asname or alias.name for alias in names)
        case _:
            pass
