"""Readers of YAML nodes, which keep the spelling of scalars.

A scalar that is read as text keeps its spelling in the source (``010``, ``yes``, ``1.50``), so the nodes are read in
place of PyYAML's values.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import yaml
from yaml.scanner import ScannerError

from paas_local.pebble.plan import durations

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOL = re.compile(r"true|True|TRUE|false|False|FALSE")
_INT = re.compile(r"[-+]?(0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].*)?")
_MAX_SHOWN = 10

T = TypeVar("T")
Reader = Callable[[yaml.Node], Any]


class BadTextError(ValueError):
    """A text that is not YAML; the message starts with ``yaml: ``."""


class BadNodeError(ValueError):
    """A node of the wrong kind."""

    def __init__(self, node: yaml.Node, message: str) -> None:
        super().__init__(message)
        self.line: int = node.start_mark.line


class BadValueError(ValueError):
    """A scalar of the right kind with an invalid text."""


@dataclass(frozen=True)
class Shape:
    """The fields of a mapping, and its name in messages."""

    name: str
    fields: Mapping[str, Reader]

    def read(self, node: yaml.Node) -> dict[str, Any] | None:
        """Read the fields of a mapping, by their attribute names; None for null."""
        if is_null(node):
            return None
        values: dict[str, Any] = {}
        for key, value in pairs(node, self.name):
            if key not in self.fields:
                raise BadNodeError(value, f"field {key} not found in type {self.name}")
            values[key.replace("-", "_")] = self.fields[key](value)
        return values


def compose(text: str) -> yaml.Node | None:
    """Parse the first document; None if there is none."""
    loader: yaml.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
    try:
        return loader.get_node() if loader.check_node() else None
    except yaml.MarkedYAMLError as error:
        raise BadTextError(f"yaml: {_place(error)}{error.problem}") from None
    except yaml.YAMLError as error:
        raise BadTextError(f"yaml: {error}".replace("\n", " ")) from None
    finally:
        loader.dispose()  # pyright: ignore[reportUnknownMemberType]  the stubs leave it open


def _place(error: yaml.MarkedYAMLError) -> str:
    lines = [mark.line for mark in (error.context_mark, error.problem_mark) if mark is not None and mark.line]
    if not lines:
        return ""
    return f"line {lines[0] + isinstance(error, ScannerError)}: "


def tag(node: yaml.Node) -> str:
    """Return the tag of a node, as it is in messages."""
    if isinstance(node, yaml.MappingNode):
        return "!!map"
    if isinstance(node, yaml.SequenceNode):
        return "!!seq"
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return "!!str"
    kinds = (("null", _NULL), ("bool", _BOOL), ("int", _INT), ("float", _FLOAT), ("timestamp", _TIME))
    return next((f"!!{kind}" for kind, pattern in kinds if pattern.fullmatch(node.value)), "!!str")


def is_null(node: yaml.Node) -> bool:
    """Return whether a node is an unquoted null, or empty."""
    return tag(node) == "!!null"


def mismatch(node: yaml.Node, target: str) -> BadNodeError:
    """Build the error for a node that cannot be read as the target type."""
    excerpt = ""
    if isinstance(node, yaml.ScalarNode):
        value = str(node.value)
        excerpt = f" `{value if len(value) <= _MAX_SHOWN else value[:7] + '...'}`"
    return BadNodeError(node, f"cannot unmarshal {tag(node)}{excerpt} into {target}")


def pairs(node: yaml.Node, target: str) -> list[tuple[str, yaml.Node]]:
    """Read the entries of a mapping, its own before those that it merges with ``<<``."""
    if not isinstance(node, yaml.MappingNode):
        raise mismatch(node, target)
    own: dict[str, yaml.Node] = {}
    lines: dict[str, int] = {}
    merged: dict[str, yaml.Node] = {}
    entries: list[tuple[yaml.Node, yaml.Node]] = node.value
    for key, value in entries:
        name = text(key)
        if name == "<<" and isinstance(key, yaml.ScalarNode) and not key.style:
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in sources:
                merged = {**dict(pairs(source, target)), **merged}
        elif name in own:
            raise BadNodeError(key, f'mapping key "{name}" already defined at line {lines[name] + 1}')
        else:
            own[name], lines[name] = value, key.start_mark.line
    return [*own.items(), *((name, value) for name, value in merged.items() if name not in own)]


def text_as(target: str) -> Callable[[yaml.Node], str]:
    """Build a reader of text, for a type with its own name in messages."""

    def read(node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise mismatch(node, target)
        return "" if is_null(node) else str(node.value)

    return read


text = text_as("string")


def texts(node: yaml.Node) -> tuple[str, ...] | None:
    """Read a list of strings; None for null, which differs from an empty list."""
    if is_null(node):
        return None
    if not isinstance(node, yaml.SequenceNode):
        raise mismatch(node, "[]string")
    return tuple(text(item) for item in node.value)


def mapping(node: yaml.Node) -> dict[str, str] | None:
    """Read a mapping of strings; None for null, which differs from an empty mapping."""
    if is_null(node):
        return None
    return {name: text(value) for name, value in pairs(node, "map[string]string")}


def integer(node: yaml.Node) -> int | None:
    """Read an integer; ``1.0`` is an integer, ``"1"`` is not."""
    kind = tag(node)
    if kind == "!!null":
        return None
    if kind == "!!int":
        return _number(str(node.value))
    if kind == "!!float" and float(node.value).is_integer():
        return int(float(node.value))
    raise mismatch(node, "int")


def _number(value: str) -> int:
    plain = value.replace("_", "")
    digits = plain.lstrip("+-")
    old_octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
    return int(plain, 8) if old_octal else int(plain, 0)


def count(node: yaml.Node) -> int | None:
    """Read an integer; None for 0."""
    return integer(node) or None


def factor(node: yaml.Node) -> float | None:
    """Read a floating-point number, quoted or not."""
    value = _scalar(node, "floating-point number")
    try:
        return float(value) if value else None
    except ValueError:
        raise BadValueError(f'invalid floating-point number "{value}"') from None


def duration(node: yaml.Node) -> durations.Duration | None:
    """Read a duration."""
    value = _scalar(node, "duration")
    try:
        return durations.parse(value) if value else None
    except durations.BadDurationError:
        raise BadValueError(f'invalid duration "{value}"') from None


def _scalar(node: yaml.Node, what: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise BadValueError(f"{what} must be a YAML string")
    return "" if is_null(node) else str(node.value)
