"""The services of the image that run on this unit, and their layer entries."""

import collections.abc
import typing

from paas_common.values.facts import Identity, Peers, StrMap, unit_number
from paas_common.values.workload import LayerEntry

WORKER = "-worker"
SCHEDULER = "-scheduler"
Services = collections.abc.Mapping[str, LayerEntry]


def entries(
    image_services: Services, *, main: str, command: str, variables: StrMap, runs_schedulers: bool
) -> dict[str, LayerEntry]:
    """Return the layer entries of the application's services: the main one, workers and schedulers.

    The image's variables stay unless the application's have the same name. Other services of the image, such as a
    metrics exporter, stay as they are. A scheduler that this unit does not run keeps the image's entry, so that a
    changed environment does not change it.
    """
    services: dict[str, LayerEntry] = {}
    for name, entry in image_services.items():
        lowered = name.lower()
        complete = {**entry, "override": "replace", "environment": {**environment(entry), **variables}}
        if name == main:
            services[name] = {**complete, "command": command, "startup": "enabled"}
        elif lowered.endswith(WORKER) or (lowered.endswith(SCHEDULER) and runs_schedulers):
            services[name] = complete
        elif lowered.endswith(SCHEDULER):
            services[name] = {**entry, "override": "replace", "startup": "disabled"}
    return services


def of_application(image_services: Services, main: str) -> list[str]:
    """Return the names of the main service, the workers and the schedulers."""
    return sorted(name for name in image_services if name == main or name.lower().endswith((WORKER, SCHEDULER)))


def schedulers(image_services: Services) -> tuple[str, ...]:
    """Return the names of the schedulers."""
    return tuple(sorted(name for name in image_services if name.lower().endswith(SCHEDULER)))


def runs_schedulers(identity: Identity, peers: Peers | None, planned_units: int) -> bool:
    """Return whether this unit has the lowest number, and so runs the schedulers.

    Every unit sees the same numbers, so two units never both run them for long. The next unit takes over when the
    lowest is removed. A new unit that does not see all of its peers yet runs none.
    """
    others = [unit_number(unit) for unit in (peers.others if peers else ())]
    sees_all = identity.number == 0 or len(others) + 1 >= planned_units
    return sees_all and all(identity.number < other for other in others)


def environment(entry: LayerEntry) -> dict[str, str]:
    """Return the variables of a layer entry."""
    return dict(typing.cast("StrMap", entry.get("environment") or {}))
