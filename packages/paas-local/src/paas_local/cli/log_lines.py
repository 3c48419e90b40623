"""The lines of ``debug-log`` as text and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any


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
