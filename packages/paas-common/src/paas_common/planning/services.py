"""The services of the image that run on this unit, and their layer entries."""

import collections.abc
import typing

from paas_common.values.facts import Identity, Peers, StrMap, unit_number
from paas_common.values.workload import LayerEntry

WORKER = "-worker"
SCHEDULER = "-scheduler"
APPLIED: typing.Final = "service "
"""Beginning of the name of a service among the digests of what was last applied."""
Services = collections.abc.Mapping[str, LayerEntry]
DISABLED: typing.Final[LayerEntry] = {"override": "merge", "startup": "disabled"}
"""Entry of a service that the charm class no longer adds; the rest of its entry stays in Pebble's plan."""


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


def added(
    services: Services,
    *,
    defaults: LayerEntry,
    variables: StrMap,
    runs_schedulers: bool,
    former: collections.abc.Iterable[str],
) -> dict[str, LayerEntry]:
    """Return the layer entries of the services that the charm class adds, and of those that it no longer adds.

    They run like the application unless their entry says otherwise. Pebble cannot forget a service of a layer, so one
    that is no longer added is disabled.
    """
    entries: dict[str, LayerEntry] = {
        name: {
            "startup": "enabled",
            **defaults,
            **entry,
            "override": "replace",
            "environment": {**variables, **environment(entry)},
        }
        for name, entry in services.items()
    }
    disabled = [name for name in services if name.lower().endswith(SCHEDULER) and not runs_schedulers]
    return {
        **entries,
        **{name: {**entries[name], "startup": "disabled"} for name in disabled},
        **{name: DISABLED for name in former if name not in services},
    }


def of_application(image_services: Services, main: str, applied_digests: StrMap) -> list[str]:
    """Return the names of the main service, the workers, the schedulers and the services that the charm has added."""
    of_image = {name for name in image_services if name == main or name.lower().endswith((WORKER, SCHEDULER))}
    return sorted({*of_image, *applied(applied_digests)})


def applied(digests: StrMap) -> list[str]:
    """Return the names of the services among the digests of what was last applied."""
    return [name.removeprefix(APPLIED) for name in digests if name.startswith(APPLIED)]


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
