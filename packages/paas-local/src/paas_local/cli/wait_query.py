"""The queries of ``wait-for``: comparisons of fields, as ``life=="alive" && status!="error"``.

The syntax is translated into a Python expression, which Python's own parser reads; nothing of it is executed.
"""

import ast
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import click

Fields = Mapping[str, str | bool | int]

_TOKEN = re.compile(r"""\s+|"[^"]*"|'[^']*'|&&|\|\||==|!=|<=|>=|[!<>()]|[A-Za-z][\w-]*|.""")
_NAME = re.compile(r"[A-Za-z][\w-]*")
_WORDS = {"&&": " and ", "||": " or ", "!": " not ", "true": "True", "false": "False"}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def parse(query: str, names: Mapping[str, Any]) -> Callable[[Fields], bool]:
    """Return the function that evaluates a query; ``names`` are the fields that it may use."""
    try:
        expression = ast.parse("".join(map(_translated, _TOKEN.findall(query))).strip(), mode="eval").body
    except SyntaxError:
        raise _invalid(query, "it is not an expression") from None
    _check(expression, query, names)
    return lambda fields: bool(_value(expression, fields))


def _translated(token: str) -> str:
    if token in _WORDS:
        return _WORDS[token]
    return token.replace("-", "_") if _NAME.fullmatch(token) else token


def _check(node: ast.expr, query: str, names: Mapping[str, Any]) -> None:
    match node:
        case ast.BoolOp(values=values):
            parts = values
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            parts = [operand]
        case ast.Compare(left=left, ops=[_], comparators=[right]):
            parts = [left, right]
        case ast.Constant(value=str() | bool() | int()):
            parts = []
        case ast.Name(id=name) if name.replace("_", "-") in names:
            parts = []
        case ast.Name(id=name):
            known = ", ".join(sorted(names))
            raise _invalid(query, f'there is no field "{name.replace("_", "-")}"; the fields are: {known}')
        case _:
            raise _invalid(query, f'"{ast.unparse(node)}" is not supported; supported are: == != < > && || ! ( )')
    for part in parts:
        _check(part, query, names)


def _value(node: ast.expr, fields: Fields) -> Any:
    match node:
        case ast.BoolOp(op=kind, values=values):
            parts = (_value(value, fields) for value in values)
            return all(parts) if isinstance(kind, ast.And) else any(parts)
        case ast.UnaryOp(operand=operand):
            return not _value(operand, fields)
        case ast.Compare(left=left, ops=[comparison], comparators=[right]):
            first, second = _value(left, fields), _value(right, fields)
            return type(first) is type(second) and _COMPARISONS[type(comparison)](first, second)
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return fields[name.replace("_", "-")]
        case _:
            raise AssertionError(ast.dump(node))


def _invalid(query: str, reason: str) -> click.UsageError:
    return click.UsageError(f"invalid query {query!r}: {reason}")
