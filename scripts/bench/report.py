"""The results of the benchmark of events as Markdown tables."""

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

OURS, PEER, EMPTY = "ours", "paas-charm", "empty ops charm"
Measured = Sequence[Mapping[str, Any]]
Results = Mapping[tuple[int, str], Mapping[str, Measured]]
"""Measurements by number of integrations and event, then by charm."""
Growth = Mapping[str, Sequence[tuple[int, Mapping[str, Any], Mapping[str, Any]]]]
"""By what grows: its size, a complete pass, and an event that brings nothing new."""
DEPLOYMENT = "deployment"


def median(measured: Measured, key: str) -> float:
    """Return the median of a measurement."""
    return statistics.median(each[key] for each in measured)


def ratio(ours: Measured, theirs: Measured, key: str) -> float:
    """Return the median of the ratios of measurements that were made one after the other."""
    return statistics.median(one[key] / other[key] for one, other in zip(ours, theirs, strict=True))


def calls(measured: Measured, key: str) -> int:
    """Return the number of calls of one event; the largest, if events differ."""
    return max(sum(each[key].values()) for each in measured)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def events(results: Results) -> str:
    """Return the cost of each event."""
    head = (
        "event",
        "charm",
        "wall",
        "CPU",
        "hook tools",
        "Pebble requests",
        "modules",
        "peak memory",
        "wall, ours / theirs",
        "CPU, ours / theirs",
    )
    rows = [
        (
            _event(related, event),
            name,
            f"{median(measured, 'wall'):.2f} s",
            f"{median(measured, 'cpu'):.2f} s",
            calls(measured, "tools"),
            calls(measured, "requests"),
            len(measured[0]["modules"]) or "",
            f"{median(measured, 'peak'):.0f} MiB",
            "" if name == OURS else f"{ratio(charms[OURS], measured, 'wall'):.2f}",
            "" if name == OURS else f"{ratio(charms[OURS], measured, 'cpu'):.2f}",
        )
        for (related, event), charms in results.items()
        if event != DEPLOYMENT
        for name, measured in charms.items()
    ]
    return table(head, rows)


def deployments(results: Results) -> str:
    """Return the cost of all events of a deployment together."""
    rows = [
        (
            f"{related} integrations",
            name,
            len(measured),
            _all_calls(measured, "tools"),
            _all_calls(measured, "requests"),
            f"{sum(each['wall'] for each in measured):.0f} s",
            f"{sum(each['cpu'] for each in measured):.0f} s",
        )
        for (related, event), charms in results.items()
        if event == DEPLOYMENT
        for name, measured in charms.items()
    ]
    return table(("related", "charm", "events", "hook tools", "Pebble requests", "wall", "CPU"), rows)


def tools(results: Results) -> str:
    """Return the hook tools of each event by name."""
    rows = [
        (
            _event(related, event),
            name,
            ", ".join(f"{count} {tool}" for tool, count in sorted(measured[-1]["tools"].items())),
        )
        for (related, event), charms in results.items()
        if event != DEPLOYMENT
        for name, measured in charms.items()
    ]
    return table(("event", "charm", "hook tools"), rows)


def growth(measured: Growth) -> str:
    """Return a complete pass and an event that brings nothing new, by size."""
    rows = [
        (f"{size} {what}", *(cell for each in both for cell in (_tools(each), f"{each['cpu']:.2f} s")))
        for what, sizes in measured.items()
        for size, *both in sizes
    ]
    return table(("size", "complete pass: hook tools", "CPU", "nothing new: hook tools", "CPU"), rows)


def goals(results: Results, imports: Mapping[str, Sequence[float]], eight: int) -> str:
    """Return the goals, and whether they are reached."""
    ours = {each: charms[OURS] for each, charms in results.items()}
    theirs = {each: charms[PEER] for each, charms in results.items()}
    rows: list[tuple[object, ...]] = []

    def row(what: str, value: float, goal: float, unit: str = "") -> None:
        shown = [f"{each:.2f}{unit}" if unit or isinstance(each, float) else each for each in (value, goal)]
        rows.append((what, *shown, "yes" if value <= goal else "no"))

    for related, event, tools_goal, seconds in (
        (0, "update-status", 8, 0.06),
        (eight, "update-status", 14, 0.08),
        (eight, "unchanged config-changed", 14, 0.08),
        (eight, "unchanged relation-changed", 22, None),
    ):
        measured = ours[related, event]
        row(f"{_event(related, event)}: hook tools", calls(measured, "tools"), tools_goal)
        if seconds is not None:
            row(f"{_event(related, event)}: Pebble requests", calls(measured, "requests"), 3)
            more = statistics.median(
                each["wall"] - seconds for each, seconds in zip(measured, imports["import ops"], strict=True)
            )
            row(f"{_event(related, event)}: wall time more than `import ops`", more, seconds, " s")
    for related in (0, eight):
        for event in ("a changed option", "first start"):
            wall = ratio(ours[related, event], theirs[related, event], "wall")
            row(f"{_event(related, event)}: wall time, ours / theirs", wall, 1.0)
    row("deployment, 8 integrations: hook tools", _all_calls(ours[eight, DEPLOYMENT], "tools"), 870)
    row("deployment, 8 integrations: Pebble requests", _all_calls(ours[eight, DEPLOYMENT], "requests"), 150)
    return table(("goal", "measured", "at most", "reached"), rows)


def _event(related: int, event: str) -> str:
    return f"{event}, {related} integrations"


def _tools(event: Mapping[str, Any]) -> int:
    return sum(event["tools"].values())


def _all_calls(measured: Measured, key: str) -> int:
    return sum(sum(each[key].values()) for each in measured)
