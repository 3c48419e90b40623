"""How a line of the log is chosen and written."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
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


@dataclass(frozen=True, kw_only=True)
class Clock:
    """How a person wants to read times."""

    date: bool = False
    milliseconds: bool = False
    utc: bool = False

    def show(self, seconds: float) -> str:
        """Write a time, in the zone of this machine if not in UTC."""
        moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
        local = moment if self.utc else moment.astimezone()
        precision = "milliseconds" if self.milliseconds else "seconds"
        clock = local.time().isoformat(precision)
        return f"{local.date().isoformat()} {clock}" if self.date else clock


def text(line: Mapping[str, Any], clock: Clock) -> str:
    """Write a line as Juju does: ``unit-a-0: 05:12:44 INFO module text``."""
    return f"{line['entity']}: {clock.show(line['time'])} {line['level']} {line['module']} {line['message']}"


def as_json(line: Mapping[str, Any]) -> str:
    """Write a line as one JSON object."""
    return json.dumps(line, sort_keys=True, ensure_ascii=False)


def _is(name: str, entity: str) -> bool:
    """Compare ``a/0``, ``unit-a-0`` and ``a*`` with an entity's tag."""
    tag = f"unit-{name.replace('/', '-')}" if "/" in name else name
    return entity.startswith(tag[:-1]) if tag.endswith("*") else entity == tag


def _rank(level: str) -> int:
    return _LEVELS.index(level.upper()) if level.upper() in _LEVELS else 0
