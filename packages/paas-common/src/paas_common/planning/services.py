"""Which services of the image run on this unit, and with what."""

import collections.abc
import typing

from paas_common.values import facts
from paas_common.values.workload import Entry

WORKER = "-worker"
SCHEDULER = "-scheduler"


def entries(
    image: collections.abc.Mapping[str, Entry],
    *,
    main: str,
    command: str,
    variables: facts.Text,
    schedules: bool,
) -> dict[str, Entry]:
    """Give the layer entries of the services that belong to the application.

    The image's own variables stay, the application's lie on top of them. Other services of the image (a metrics
    exporter) are not ours and are left alone. A scheduler that this unit does not run keeps the image's entry, so
    that a change of the environment is no change to it.
    """
    wanted: dict[str, Entry] = {}
    for name, entry in image.items():
        lowered = name.lower()
        complete = {**entry, "override": "replace", "environment": {**environment(entry), **variables}}
        if name == main:
            wanted[name] = {**complete, "command": command, "startup": "enabled"}
        elif lowered.endswith(WORKER) or (lowered.endswith(SCHEDULER) and schedules):
            wanted[name] = complete
        elif lowered.endswith(SCHEDULER):
            wanted[name] = {**entry, "override": "replace", "startup": "disabled"}
    return wanted


def of_application(image: collections.abc.Mapping[str, Entry], main: str) -> list[str]:
    """Name the services of the image that are the application's: the main one, workers and schedulers."""
    return sorted(name for name in image if name == main or name.lower().endswith((WORKER, SCHEDULER)))


def schedulers(image: collections.abc.Mapping[str, Entry]) -> tuple[str, ...]:
    """Name the schedulers of the image."""
    return tuple(sorted(name for name in image if name.lower().endswith(SCHEDULER)))


def schedules(me: facts.Identity, peers: facts.Peers | None, planned_units: int) -> bool:
    """Tell whether this unit is the one that runs the schedulers: the one with the lowest number.

    Every unit sees the same numbers, so no two units think so at the same time for long, whoever leads; and the next
    one takes over when the lowest is removed. A new unit that has not met all of its peers yet does not judge.
    """
    others = [facts.unit_number(unit) for unit in (peers.others if peers else ())]
    knows_all = me.number == 0 or len(others) + 1 >= planned_units
    return knows_all and all(me.number < other for other in others)


def environment(entry: Entry) -> dict[str, str]:
    """Give the variables of a layer entry."""
    return dict(typing.cast("facts.Text", entry.get("environment") or {}))
