"""Entry points of Python web applications, found by parsing their files, not by importing them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from paas_local.build.errors import ProjectError
from paas_local.build.frameworks.framework import Project
from paas_local.build.rock_recipe import FILE

_FILES = ("app.py", "main.py")
_PACKAGE_FILES = ("__init__.py", *_FILES)


@dataclass(frozen=True, kw_only=True)
class Entrypoint:
    """An object of a module, or a factory of one."""

    file: PurePosixPath
    """Below the folder that the module is imported from."""
    name: str
    called: bool = False

    def __str__(self) -> str:
        """Return the form that Gunicorn and Uvicorn read."""
        module = ".".join(part for part in self.file.with_suffix("").parts if part != "__init__")
        return f"{module}:{self.name}{'()' if self.called else ''}"


@dataclass(frozen=True, kw_only=True)
class Names:
    """Names that an application may have; any object is preferred to any factory, as in rockcraft."""

    objects: tuple[str, ...]
    factories: tuple[str, ...] = ()


def find(project: Project, names: Names, *, framework: str) -> Entrypoint:
    """Return the first entry point that has one of the names; ``framework`` is the title in the error."""
    files = tuple(_files(project))
    defined = {file: defined_names(project.source, file) for file in files}
    for candidates, called in ((names.objects, False), (names.factories, True)):
        for file in files:
            for name in candidates:
                if name in defined[file]:
                    return Entrypoint(file=file, name=name, called=called)
    missing = f"no `app` object in {', '.join(map(str, files))}" if files else f"no {' or '.join(_FILES)}"
    raise ProjectError(
        f"{project.source}: {missing}; name your {framework} object `app` in app.py,"
        f" or set services.{framework.lower()}.command in {FILE}"
    )


def package_name(project: str) -> str:
    """Return the name of a project's Python package, as rockcraft derives it."""
    return project.replace("-", "_").lower()


def defined_names(source: Path, file: PurePosixPath) -> frozenset[str]:
    """Return the names that a module defines or imports at its top level."""
    try:
        module = ast.parse((source / file).read_bytes())
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else f": {error}"
        raise ProjectError(f"{file}{line}") from error
    return frozenset(name for statement in module.body for name in _bound(statement))


def _files(project: Project) -> Iterator[PurePosixPath]:
    folders = dict.fromkeys(("app", "src", package_name(project.name)))
    files = (
        *(PurePosixPath(file) for file in _FILES),
        *(PurePosixPath(folder, file) for folder in folders for file in _PACKAGE_FILES),
    )
    return (file for file in files if (project.source / file).is_file())


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
