"""A view of a dashboard: its time range, and the values of the variables in its queries."""

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

_POINTS = 120
"""About as many points as a graph has."""
_LEAST_STEP = 5
_SCRAPES = 15
"""Seconds between scrapes, as Grafana assumes them."""
_NOW = re.compile(r"now(?:-(\d+)([smhdw]))?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_VARIABLE = re.compile(r"\$\{(\w+)(?:\.\w+)?(?::\w+)?\}|\$(\w+)|\[\[(\w+)(?::\w+)?\]\]")
_ALL = "$__all"
_ANY = ".*"


class InvalidError(Exception):
    """A request that cannot be read; the text is the reason."""


@dataclass(frozen=True, kw_only=True)
class View:
    """A time range in seconds since 1970, whose start is a multiple of the step, and the variables."""

    start: int
    end: int
    step: int
    values: Mapping[str, str]
    """The variables that a request or the dashboard sets; all others match anything."""

    def filled(self, text: str) -> str:
        """Return a text with the values of its variables."""
        length = self.end - self.start
        times = {
            "__interval": f"{self.step}s",
            "__interval_ms": f"{self.step * 1000}",
            # at least as long as Grafana makes it, so that a rate has enough samples
            "__rate_interval": f"{max(self.step + _SCRAPES, 4 * _SCRAPES)}s",
            "__range": f"{length}s",
            "__range_s": f"{length}",
            "__range_ms": f"{length * 1000}",
        }
        values = {**self.values, **times}
        return _VARIABLE.sub(lambda match: values.get(match[1] or match[2] or match[3], _ANY), text)


def read(query: Mapping[str, Sequence[str]], dashboard: Mapping[str, Any]) -> View:
    """Read a request: ``from`` and ``to`` as Grafana has them, and ``var-NAME`` for each variable."""
    now = time.time()
    span = dashboard.get("time")
    default = cast("Mapping[str, object]", span if isinstance(span, dict) else {})
    texts = {"from": str(default.get("from", "now-1h")), "to": str(default.get("to", "now"))}
    start, end = (_moment(key, (query.get(key) or [text])[-1], now) for key, text in texts.items())
    if start >= end:
        raise InvalidError("from must be before to")
    step = max(_LEAST_STEP, math.ceil((end - start) / _POINTS))
    sent = {key.removeprefix("var-"): _either(values) for key, values in query.items() if key.startswith("var-")}
    values = {**_defaults(dashboard), **sent}
    return View(start=int(start // step) * step, end=int(end), step=step, values=values)


def _moment(key: str, text: str, now: float) -> float:
    match = _NOW.fullmatch(text)
    if match:
        return now - int(match[1] or 0) * _SECONDS[match[2] or "s"]
    if text.isascii() and text.isdecimal():
        return int(text) / 1000
    raise InvalidError(f"{key} must be milliseconds since 1970, now, or a text such as now-1h")


def _either(values: Sequence[str]) -> str:
    """Return the value of a variable, several of them as a regular expression."""
    chosen = [_ANY if value == _ALL else value for value in values]
    return chosen[0] if len(chosen) == 1 else f"({'|'.join(chosen)})"


def _defaults(dashboard: Mapping[str, Any]) -> dict[str, str]:
    """Return the values that a dashboard has for its own variables."""
    templating = dashboard.get("templating")
    listed: object = cast("Mapping[str, object]", templating).get("list") if isinstance(templating, dict) else None
    defaults: dict[str, str] = {}
    for variable in cast("list[object]", listed if isinstance(listed, list) else []):
        fields = cast("Mapping[str, Any]", variable if isinstance(variable, dict) else {})
        current: object = fields.get("current")
        value = cast("Mapping[str, object]", current).get("value") if isinstance(current, dict) else None
        values = [str(each) for each in (cast("list[object]", value) if isinstance(value, list) else [value]) if each]
        if values and "name" in fields:
            defaults[str(fields["name"])] = _either(values)
    return defaults
