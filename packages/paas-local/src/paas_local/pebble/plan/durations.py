"""Durations in layers, requests and the plan's text.

The form is Go's: ``1m30s``, ``100ms``; a number without a unit is an error.
"""

import re
from dataclasses import dataclass

_UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_PART = re.compile(r"(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<unit>[^0-9.]*)")


class BadDurationError(ValueError):
    """A text that is not a duration; the message is Go's."""


@dataclass(frozen=True)
class Duration:
    """A length of time in nanoseconds."""

    nanoseconds: int

    @property
    def seconds(self) -> float:
        """The length in seconds."""
        return self.nanoseconds / 1e9

    def __str__(self) -> str:
        sign = "-" if self.nanoseconds < 0 else ""
        rest = abs(self.nanoseconds)
        if rest == 0:
            return "0s"
        for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
            if rest < size * 1000:
                return f"{sign}{_decimal(rest, size)}{unit}"
        minutes, nanoseconds = divmod(rest, _UNITS["m"])
        text = f"{_decimal(nanoseconds, _UNITS['s'])}s"
        if minutes:
            hours, minutes = divmod(minutes, 60)
            text = f"{minutes}m{text}"
            if hours:
                text = f"{hours}h{text}"
        return sign + text


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    if not rest:
        return str(whole)
    digits = str(rest).zfill(len(str(size)) - 1)
    return f"{whole}.{digits.rstrip('0')}"


def parse(text: str) -> Duration:
    """Parse a duration in Go's form; raises BadDurationError."""
    rest = text.lstrip("+-") if text[:1] in ("+", "-") and text[1:2] not in ("+", "-") else text
    if rest == "0":
        return Duration(0)
    if not rest:
        raise BadDurationError(f'time: invalid duration "{text}"')
    total = 0
    position = 0
    while position < len(rest):
        part = _PART.match(rest, position)
        if part is None or not (part["whole"] or part["fraction"]):
            raise BadDurationError(f'time: invalid duration "{text}"')
        if not part["unit"]:
            raise BadDurationError(f'time: missing unit in duration "{text}"')
        if part["unit"] not in _UNITS:
            raise BadDurationError(f'time: unknown unit "{part["unit"]}" in duration "{text}"')
        size = _UNITS[part["unit"]]
        fraction = part["fraction"] or ""
        total += int(part["whole"] or 0) * size + int(fraction or 0) * size // 10 ** len(fraction)
        position = part.end()
    return Duration(-total if text.startswith("-") else total)
