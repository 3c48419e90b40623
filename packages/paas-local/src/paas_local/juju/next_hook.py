"""What a unit is to be told next: the difference between what it has seen and what its model holds.

The order is that of Juju's unit agent. An event is never stored unless it is an occurrence in its own
right (an action, a notice, a check), so however often something changed, the unit hears of it once,
with the newest state.
"""

import hashlib
import json
from collections.abc import Iterator

from paas_local.juju import events
from paas_local.juju.events import Event, Related
from paas_local.juju.model import Application, Model, Relation, Unit, order


def next_event(model: Model, name: str, now: float) -> Event | None:
    """Pick the next event of a unit, or nothing; a failed hook comes again once its time has come."""
    unit = model.unit(name)
    if unit is None or unit.seen.removed:
        return None
    if unit.failure is not None:
        run = _task(model, unit)
        retry_at = unit.failure.retry_at
        return run or (unit.failure.event if retry_at is not None and retry_at <= now else None)
    if unit.life == "dying":
        return next(_dying(model, unit), None)
    return next(_alive(model, unit), None)


def wakes_at(model: Model, name: str) -> float | None:
    """Say when time alone makes the next event due."""
    unit = model.unit(name)
    return unit.failure.retry_at if unit and unit.failure else None


def config_digest(application: Application, unit: Unit) -> str:
    """Tell one state of what config-changed is about from another: settings, trust and address."""
    state = [sorted(application.settings.items()), application.trust, unit.address]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()


def members(model: Model, relation: Relation, unit: Unit) -> tuple[str, ...]:
    """List the units that a unit finds on the other side; nobody, once either has to leave."""
    if relation.life == "dying" or unit.life == "dying":
        return ()
    remote = relation.remote(unit.application).application
    alive = (other for other in relation.scope if (found := model.unit(other)) and found.life == "alive")
    return tuple(
        sorted((other for other in alive if other.partition("/")[0] == remote and other != unit.name), key=order)
    )


def _alive(model: Model, unit: Unit) -> Iterator[Event]:
    application = model.applications[unit.application]
    seen = unit.seen
    if not seen.installed:
        yield events.Lifecycle(step="install")
        return
    fresh = seen.config != config_digest(application, unit)
    if seen.upgrade:
        yield events.Lifecycle(step="upgrade-charm")
    yield from _created(model, unit)
    if application.leader == unit.name and not seen.leader:
        yield events.Lifecycle(step="leader-elected")
    if seen.started:
        yield from _workload(unit)
    yield from _secrets(model, unit)
    yield from _tasks(model, unit)
    if seen.started:
        yield from (events.Storage(storage=item) for item in unit.storage if item not in seen.storage)
    if fresh:
        yield events.Lifecycle(step="config-changed")
    if not seen.started:
        yield events.Lifecycle(step="start")
    yield from _relations(model, unit)
    if unit.tick:
        yield events.Lifecycle(step="update-status")


def _dying(model: Model, unit: Unit) -> Iterator[Event]:
    yield from _tasks(model, unit)
    yield from _relations(model, unit)
    if not unit.seen.stopped:
        yield events.Lifecycle(step="stop")
    yield events.Lifecycle(step="remove")


def _created(model: Model, unit: Unit) -> Iterator[Event]:
    for relation in model.relations_of(unit.application):
        if relation.life == "alive" and relation.id not in unit.seen.relations:
            yield _related(relation, unit, "created")


def _workload(unit: Unit) -> Iterator[Event]:
    for container, boot in sorted(unit.boots.items()):
        if unit.seen.boots.get(container, 0) < boot:
            yield events.PebbleReady(container=container, boot=boot)
    yield from (event for event in unit.waiting if isinstance(event, events.Notice | events.Check))


def _secrets(model: Model, unit: Unit) -> Iterator[Event]:
    for secret in model.secrets.values():
        tracking = secret.tracking.get(unit.name)
        owner = secret.owned_by(unit.name) and (secret.owner_kind == "unit" or model.leads(unit.name))
        latest = secret.latest.number
        reader = secret.readable_by(unit.name) and not owner
        if tracking and reader and latest > max(tracking.revision, tracking.told):
            yield events.SecretStep(secret=secret.id, becomes="changed", revision=latest, label=tracking.label)
    for secret in model.secrets.values():
        if secret.owned_by(unit.name) and (secret.owner_kind == "unit" or model.leads(unit.name)):
            tracked = {tracking.revision for tracking in secret.tracking.values()}
            for revision in secret.revisions[:-1]:
                if revision.number not in tracked | secret.retired:
                    yield events.SecretStep(
                        secret=secret.id, becomes="remove", revision=revision.number, label=secret.label
                    )


def _tasks(model: Model, unit: Unit) -> Iterator[Event]:
    for _, task in sorted(model.tasks.items()):
        if task.unit == unit.name and task.status == "pending":
            yield events.Run(task=task.id, action=task.action)


def _task(model: Model, unit: Unit) -> Event | None:
    return next(_tasks(model, unit), None)


def _relations(model: Model, unit: Unit) -> Iterator[Event]:
    for relation in model.relations_of(unit.application):
        if relation.id in unit.seen.relations:
            yield from _relation(model, relation, unit)


def _relation(model: Model, relation: Relation, unit: Unit) -> Iterator[Event]:
    known = unit.seen.relations[relation.id]
    present = members(model, relation, unit)
    for other in sorted(known.units, key=order):
        if known.units[other] < 0:
            yield _related(relation, unit, "changed", other)
    for other in sorted(known.units, key=order):
        if other not in present:
            yield _related(relation, unit, "departed", other)
    if not relation.peer and "dying" in {relation.life, unit.life}:
        yield _related(relation, unit, "broken")
    if relation.life == "alive" and unit.life == "alive":
        remote = relation.remote(unit.application).application
        bag = relation.applications.get(remote)
        if bag and bag.version > known.application:
            yield _related(relation, unit, "changed")
        yield from (_related(relation, unit, "joined", other) for other in present if other not in known.units)
        for other in present:
            if relation.units[other].version > known.units.get(other, 0):
                yield _related(relation, unit, "changed", other)


def _related(relation: Relation, unit: Unit, change: events.Change, other: str = "") -> Related:
    side = relation.local(unit.application) or relation.sides[0]
    departing = unit.name if unit.life == "dying" else other
    return Related(
        relation=relation.id,
        endpoint=side.endpoint,
        change=change,
        application=relation.remote(unit.application).application,
        unit=other,
        departing=departing if change == "departed" else "",
    )
