"""Booleans and durations in Go's notation, as Juju's options and flags use them."""

import re

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_DURATION_PART = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def boolean(text: str) -> bool | None:
    """Return the boolean that Go's ``strconv.ParseBool`` reads, or None."""
    return text in _TRUE if text in _TRUE | _FALSE else None


def seconds(text: str) -> float | None:
    """Return the seconds in a duration such as ``5m`` or ``1m30s``, or None."""
    parts = list(_DURATION_PART.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return sum(float(part["number"]) * _SECONDS[part["unit"]] for part in parts)
