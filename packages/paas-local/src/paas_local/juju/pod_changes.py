"""The changes of a model that a unit's pod causes: it starts, fails or outlives its controller; its Pebble reports."""

import dataclasses

from paas_local.juju import actions, hook_commit
from paas_local.juju.events import Check, Notice
from paas_local.juju.model import Model, Status, named_unit, with_unit


def new_pod(model: Model, name: str, now: float) -> Model:
    """Reset what the local state knows about a unit's former pod: the charm's hooks handle a new one."""
    unit = named_unit(model, name)
    model = actions.abandon(model, unit.name)
    local_state = dataclasses.replace(
        unit.local_state, pebble_starts={}, config_hash=None, started=False, upgrade_due=unit.local_state.installed
    )
    return with_unit(
        model,
        dataclasses.replace(
            unit,
            pod=False,
            pod_error="",
            local_state=local_state,
            pebble_starts={},
            notices_until={},
            running=None,
            failure=None,
            agent=Status(current="allocating", since=now),
            pending_events=tuple(event for event in unit.pending_events if not isinstance(event, Notice | Check)),
        ),
    )


def pod_started(model: Model, name: str, now: float) -> Model:
    """Record that a unit's pod runs."""
    unit = dataclasses.replace(named_unit(model, name), pod=True, pod_error="")
    if not unit.local_state.installed:
        unit = dataclasses.replace(unit, workload=Status(current="waiting", message="agent initialising", since=now))
    return with_unit(model, unit)


def pod_failed(model: Model, name: str, message: str) -> Model:
    """Record the reason why a unit's pod cannot start."""
    return with_unit(model, dataclasses.replace(named_unit(model, name), pod=False, pod_error=message))


def pod_taken_over(model: Model, name: str, now: float) -> Model:
    """Record that a unit's pod has outlived its controller; the hook that ran then stays due, a task has failed."""
    unit = named_unit(model, name)
    model = actions.abandon(model, unit.name)
    return model if unit.running is None else hook_commit.interrupted(model, name, unit.running, now)


def pebble_started(model: Model, name: str, container: str) -> Model:
    """Record that a workload container's Pebble has started."""
    unit = named_unit(model, name)
    pebble_starts = {**unit.pebble_starts, container: unit.pebble_starts.get(container, 0) + 1}
    notices_until = {**unit.notices_until, container: ""}
    return with_unit(model, dataclasses.replace(unit, pebble_starts=pebble_starts, notices_until=notices_until))


def container_ended(model: Model, name: str, container: str) -> Model:
    """Record that a workload container has ended, and its Pebble with it."""
    unit = named_unit(model, name)
    notices_until = {key: time for key, time in unit.notices_until.items() if key != container}
    return with_unit(model, dataclasses.replace(unit, notices_until=notices_until))


def add_pending_event(model: Model, name: str, event: Notice | Check, at: str) -> Model:
    """Record an event that runs one hook each time it happens; ``at`` is the time of Pebble's notice."""
    unit = named_unit(model, name)
    notices_until = {**unit.notices_until, event.container: at}
    pending_events = (*unit.pending_events, event)
    return with_unit(model, dataclasses.replace(unit, pending_events=pending_events, notices_until=notices_until))
