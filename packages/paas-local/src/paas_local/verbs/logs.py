"""How a line of the log is chosen and written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which lines a person wants; no names mean all."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    modules: Sequence[str] = ()
    level: str = "TRACE"

    def takes(self, line: Mapping[str, Any]) -> bool:
        """Say whether to show the line."""
        entity, module = line["entity"], line["module"]
        if self.include and not any(_is(name, entity) for name in self.include):
            return False
        if any(_is(name, entity) for name in self.exclude):
            return False
        if self.modules and not any(module == name or module.startswith(f"{name}.") for name in self.modules):
            return False
        return _rank(line["level"]) >= _rank(self.level)


def text(line: Mapping[str, Any], *, date: bool = False) -> str:
    """Write a line as Juju does: ``unit-a-0: 05:12:44 INFO module text``."""
    day, _, rest = str(line["time"]).replace("T", " ").partition(" ")
    clock = rest[:8] or day[:8]
    when = f"{day} {clock}" if date and rest else clock
    return f"{line['entity']}: {when} {line['level']} {line['module']} {line['message']}"


def as_json(line: Mapping[str, Any]) -> str:
    """Write a line as one JSON object."""
    return json.dumps(line, sort_keys=True, ensure_ascii=False)


def _is(name: str, entity: str) -> bool:
    """Compare ``a/0``, ``unit-a-0`` and ``a*`` with an entity's tag."""
    tag = f"unit-{name.replace('/', '-')}" if "/" in name else name
    return entity.startswith(tag[:-1]) if tag.endswith("*") else entity == tag


def _rank(level: str) -> int:
    return _LEVELS.index(level.upper()) if level.upper() in _LEVELS else 0
