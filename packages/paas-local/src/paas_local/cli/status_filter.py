"""The filter of ``status``, which selects units, their applications and the integrations between these.

As in Juju, consumed offers, offers and storage are shown whatever the filter.
"""

import fnmatch
from collections.abc import Mapping, Sequence
from typing import Any


def selected(document: Mapping[str, Any], patterns: Sequence[str]) -> dict[str, Any]:
    """Return a status document with the applications and units that a pattern selects.

    A pattern is a name (``web``, ``web/0``, ``web/leader``, ``w*``), a status of the workload or the agent, or the
    start of an open port. The patterns may also be ``exposed`` or ``not exposed``.
    """
    applications = {
        name: {**application, "units": units}
        for name, application in document.get("applications", {}).items()
        for units in [_units(name, application, patterns)]
        if units or name in patterns or _by_exposure(application, patterns)
    }
    return {**document, "applications": applications}


def selected_integrations(
    integrations: Sequence[Mapping[str, str]], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[Mapping[str, str]]:
    """Return the integrations without those of an application that a filter has removed from a status document."""
    removed = before.get("applications", {}).keys() - after.get("applications", {}).keys()
    return [
        each for each in integrations if removed.isdisjoint(_application(each[end]) for end in ("provider", "requirer"))
    ]


def _application(end: str) -> str:
    return end.partition(":")[0]


def _units(name: str, application: Mapping[str, Any], patterns: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    units: Mapping[str, Mapping[str, Any]] = application.get("units", {})
    if _by_exposure(application, patterns):
        return dict(units)
    return {unit: entry for unit, entry in units.items() if any(_matches(name, unit, entry, each) for each in patterns)}


def _matches(application: str, unit: str, entry: Mapping[str, Any], pattern: str) -> bool:
    if entry.get("leader") and pattern == f"{application}/leader":
        return True
    names = pattern if "/" in pattern else f"{pattern}/*"
    statuses = {entry[kind]["current"] for kind in ("workload-status", "juju-status")}
    ports: Sequence[str] = entry.get("open-ports", ())
    return fnmatch.fnmatchcase(unit, names) or pattern in statuses or any(port.startswith(pattern) for port in ports)


def _by_exposure(application: Mapping[str, Any], patterns: Sequence[str]) -> bool:
    match patterns:
        case ["exposed", *_]:
            return bool(application.get("exposed"))
        case ["not", "exposed", *_]:
            return not application.get("exposed")
        case _:
            return False
