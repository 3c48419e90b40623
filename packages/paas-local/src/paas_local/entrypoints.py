"""Where a Python web application begins: found by reading its files, not by running them."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from .project import ProjectError

_FILES = ("app.py", "main.py")
_PACKAGE_FILES = ("__init__.py", *_FILES)
_VARIABLES = ("app", "application")
_FACTORIES = ("create_app", "make_app")


def find(source: Path, name: str) -> str:
    """Give ``module:object`` or ``module:factory()`` of the project called ``name``.

    An object in any of the places goes before a factory, as in rockcraft.
    """
    modules = [(file, _module(source, file), _names(source, file)) for file in _places(source, name)]
    for wanted, call in ((_VARIABLES, ""), (_FACTORIES, "()")):
        for _, module, names in modules:
            for one in wanted:
                if one in names:
                    return f"{module}:{one}{call}"
    looked = ", ".join(str(file.relative_to(source)) for file, _, _ in modules)
    found = f"no `app` object in {looked}" if looked else f"no {' or '.join(_FILES)}"
    raise ProjectError(
        f"{source}: {found}; name your Flask object `app` in app.py, or set services.flask.command in rockcraft.yaml"
    )


def _places(source: Path, name: str) -> Iterable[Path]:
    folders = dict.fromkeys(("app", "src", name.replace("-", "_")))
    places = (
        *(source / file for file in _FILES),
        *(source / folder / file for folder in folders for file in _PACKAGE_FILES),
    )
    return (place for place in places if place.is_file())


def _module(source: Path, file: Path) -> str:
    parts = file.relative_to(source).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _names(source: Path, file: Path) -> frozenset[str]:
    try:
        module = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else f": {error}"
        raise ProjectError(f"{file.relative_to(source)}{line}") from error
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
