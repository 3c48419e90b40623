"""The lines of ``debug-log``: which are shown, and how."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from paas_local.juju.names import unit_tag

_LEVELS = ("TRACE", "DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """The filter of ``--include``, ``--exclude``, ``--include-module`` and ``--level``; empty ones match all lines."""

    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    modules: Sequence[str] = ()
    level: str = "TRACE"

    def matches(self, line: Mapping[str, Any]) -> bool:
        """Return whether a line is shown."""
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
    """The notation of times: ``--date``, ``--ms`` and ``--utc``."""

    date: bool = False
    milliseconds: bool = False
    utc: bool = False

    def show(self, seconds: float) -> str:
        """Return a time as text."""
        time = datetime.fromtimestamp(seconds, tz=timezone.utc)
        local = time if self.utc else time.astimezone()
        precision = "milliseconds" if self.milliseconds else "seconds"
        clock = local.time().isoformat(precision)
        return f"{local.date().isoformat()} {clock}" if self.date else clock


def text(line: Mapping[str, Any], clock: Clock) -> str:
    """Return a line as Juju prints it: ``unit-a-0: 05:12:44 INFO module text``."""
    return f"{line['entity']}: {clock.show(line['time'])} {line['level']} {line['module']} {line['message']}"


def as_json(line: Mapping[str, Any]) -> str:
    """Return a line as one JSON object."""
    return json.dumps(line, sort_keys=True, ensure_ascii=False)


def _is(name: str, entity: str) -> bool:
    # a name is a/0, unit-a-0 or a prefix with an asterisk
    tag = unit_tag(name) if "/" in name else name
    return entity.startswith(tag[:-1]) if tag.endswith("*") else entity == tag


def _rank(level: str) -> int:
    return _LEVELS.index(level.upper()) if level.upper() in _LEVELS else 0
