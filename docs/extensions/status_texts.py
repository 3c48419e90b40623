"""The texts of the statuses in the source of paas_common, with their causes and cures."""

import ast
import collections.abc
import dataclasses
import pathlib
import typing

import paas_common
import yaml

SOURCE: typing.Final = pathlib.Path(paas_common.__file__).parent
CATALOGUE: typing.Final = pathlib.Path(__file__).parents[1] / "reference/statuses.yaml"
_KINDS: typing.Final = {"Blocked", "Waiting", "Invalid", "Failure"}
"""Classes whose first argument becomes a status."""
_MODULES: typing.Final = [ast.parse(file.read_text()) for file in sorted(SOURCE.rglob("*.py"))]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Status:
    """A status, as an operator sees it."""

    status: str
    template: str
    kind: str
    cause: str
    cure: str


def catalogue() -> list[Status]:
    """Return the statuses of the catalogue."""
    return [Status(**entry) for entry in yaml.safe_load(CATALOGUE.read_text())]


def without_entry() -> list[str]:
    """Return the texts of the code that no entry of the catalogue describes."""
    beginnings = tuple(each.template for each in catalogue())
    return sorted({text for module in _MODULES for text in _reasons(module) if not text.startswith(beginnings)})


def without_text() -> list[str]:
    """Return the entries of the catalogue that describe no text of the code."""
    texts = {_template(node) for module in _MODULES for node in ast.walk(module)}
    return [each.status for each in catalogue() if not any(text.startswith(each.template) for text in texts if text)]


def _reasons(module: ast.Module) -> collections.abc.Iterator[str]:
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef):
            continue
        variables = dict(_assignments(function))
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
                reason = _reason(call)
                text = _template(variables.get(reason.id, reason) if isinstance(reason, ast.Name) else reason)
                if any(map(str.isalpha, text)):  # the others join texts that are reasons themselves
                    yield text


def _assignments(function: ast.FunctionDef) -> collections.abc.Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case _:
                pass


def _reason(call: ast.Call) -> ast.expr | None:
    if isinstance(call.func, ast.Name) and call.func.id in _KINDS and call.args:
        return call.args[0]
    return next((keyword.value for keyword in call.keywords if keyword.arg == "failure"), None)


def _template(node: ast.AST | None) -> str:
    """Return a literal text with … for each value; the empty text for anything else."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_template(value) or "…" for value in values)
        case _:
            return ""
