"""How YAML text becomes values without losing how it was spelled.

Scalars in places of text keep their source spelling (``010``, ``yes``, ``1.50``), so this reads the
nodes of the document and never PyYAML's own idea of their values.
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
_SHOWN = 10

T = TypeVar("T")
Reader = Callable[[yaml.Node], Any]


class BadTextError(ValueError):
    """The text is not YAML; the message starts with ``yaml: ``."""


class BadNodeError(ValueError):
    """A node is not of the kind that is needed here."""

    def __init__(self, node: yaml.Node, message: str) -> None:
        super().__init__(message)
        self.line: int = node.start_mark.line


class BadValueError(ValueError):
    """A scalar is of the right kind, but its text is wrong."""


@dataclass(frozen=True)
class Shape:
    """The fields that a mapping may have, and the name that messages call it."""

    name: str
    fields: Mapping[str, Reader]

    def read(self, node: yaml.Node) -> dict[str, Any] | None:
        """Read the given fields by their attribute names; null reads as nothing."""
        if is_null(node):
            return None
        values: dict[str, Any] = {}
        for key, value in pairs(node, self.name):
            if key not in self.fields:
                raise BadNodeError(value, f"field {key} not found in type {self.name}")
            values[key.replace("-", "_")] = self.fields[key](value)
        return values


def compose(text: str) -> yaml.Node | None:
    """Read the first document; nothing where there is none."""
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
    """Name the kind of a node as messages do."""
    if isinstance(node, yaml.MappingNode):
        return "!!map"
    if isinstance(node, yaml.SequenceNode):
        return "!!seq"
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return "!!str"
    kinds = (("null", _NULL), ("bool", _BOOL), ("int", _INT), ("float", _FLOAT), ("timestamp", _TIME))
    return next((f"!!{kind}" for kind, pattern in kinds if pattern.fullmatch(node.value)), "!!str")


def is_null(node: yaml.Node) -> bool:
    """Whether the node is an unquoted null, or nothing at all."""
    return tag(node) == "!!null"


def mismatch(node: yaml.Node, target: str) -> BadNodeError:
    """Say that a node cannot be read as the target."""
    shown = ""
    if isinstance(node, yaml.ScalarNode):
        value = str(node.value)
        shown = f" `{value if len(value) <= _SHOWN else value[:7] + '...'}`"
    return BadNodeError(node, f"cannot unmarshal {tag(node)}{shown} into {target}")


def pairs(node: yaml.Node, target: str) -> list[tuple[str, yaml.Node]]:
    """Read a mapping's entries, its own before those it takes over with ``<<``."""
    if not isinstance(node, yaml.MappingNode):
        raise mismatch(node, target)
    own: dict[str, yaml.Node] = {}
    lines: dict[str, int] = {}
    inherited: dict[str, yaml.Node] = {}
    entries: list[tuple[yaml.Node, yaml.Node]] = node.value
    for key, value in entries:
        name = text(key)
        if name == "<<" and isinstance(key, yaml.ScalarNode) and not key.style:
            sources = value.value if isinstance(value, yaml.SequenceNode) else [value]
            for source in sources:
                inherited = {**dict(pairs(source, target)), **inherited}
        elif name in own:
            raise BadNodeError(key, f'mapping key "{name}" already defined at line {lines[name] + 1}')
        else:
            own[name], lines[name] = value, key.start_mark.line
    return [*own.items(), *((name, value) for name, value in inherited.items() if name not in own)]


def text_as(target: str) -> Callable[[yaml.Node], str]:
    """Read text for a type with a name of its own."""

    def read(node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise mismatch(node, target)
        return "" if is_null(node) else str(node.value)

    return read


text = text_as("string")


def texts(node: yaml.Node) -> tuple[str, ...] | None:
    """Read a list of texts; an empty list is not the same as none."""
    if is_null(node):
        return None
    if not isinstance(node, yaml.SequenceNode):
        raise mismatch(node, "[]string")
    return tuple(text(item) for item in node.value)


def mapping(node: yaml.Node) -> dict[str, str] | None:
    """Read names with texts; an empty mapping is not the same as none."""
    if is_null(node):
        return None
    return {name: text(value) for name, value in pairs(node, "map[string]string")}


def integer(node: yaml.Node) -> int | None:
    """Read a whole number; ``1.0`` is one, ``"1"`` is not."""
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
    """Read a number that means nothing when it is 0."""
    return integer(node) or None


def factor(node: yaml.Node) -> float | None:
    """Read a number with a fraction, quoted or not."""
    value = _scalar(node, "floating-point number")
    try:
        return float(value) if value else None
    except ValueError:
        raise BadValueError(f'invalid floating-point number "{value}"') from None


def duration(node: yaml.Node) -> durations.Duration | None:
    """Read a duration with its unit."""
    value = _scalar(node, "duration")
    try:
        return durations.parse(value) if value else None
    except durations.BadDurationError:
        raise BadValueError(f'invalid duration "{value}"') from None


def _scalar(node: yaml.Node, what: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise BadValueError(f"{what} must be a YAML string")
    return "" if is_null(node) else str(node.value)
