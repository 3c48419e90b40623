"""The next hook of a unit, derived from the difference between its local state and the model.

The order is that of Juju's unit agent. Only events that happen once each are stored: tasks, notices, checks. So a
unit gets one event with the newest state, however often something changed.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Literal

from paas_local.juju import events, secrets
from paas_local.juju.events import Event, Related
from paas_local.juju.model import Application, Model, Relation, Secret, Unit, application_of, order


def next_event(model: Model, name: str, now: float) -> Event | None:
    """Return the next event of a unit, if one is due; a failed hook is due again at its retry time."""
    unit = model.unit(name)
    if unit is None or unit.local_state.removed:
        return None
    if unit.failure is not None:
        task = next(_tasks(model, unit), None)
        retry_at = unit.failure.retry_at
        return task or (unit.failure.event if retry_at is not None and retry_at <= now else None)
    if unit.life == "dying":
        return next(_dying(model, unit), None)
    return next(_alive(model, unit, now), None)


def wakes_at(model: Model, name: str) -> float | None:
    """Return the time at which a failed hook is due again or, without one, a secret of the unit is due."""
    unit = model.unit(name)
    if unit is None or unit.failure:
        return unit.failure.retry_at if unit and unit.failure else None
    owned = tuple(secrets.owned(model, unit.name))
    times = [secret.rotation_due for secret in owned]
    times += [revision.expiry_due for secret in owned for revision in secret.revisions]
    return min((time for time in times if time), default=None)


def config_hash(application: Application, unit: Unit) -> str:
    """Return a hash of all that config-changed is about: options, trust and address."""
    state = [sorted(application.settings.items()), application.trust, unit.address]
    return hashlib.sha256(json.dumps(state).encode()).hexdigest()


def members(model: Model, relation: Relation, unit: Unit) -> tuple[str, ...]:
    """Return the living remote units in a relation's scope; none if the relation or the unit itself ends."""
    if not relation.active or unit.life == "dying":
        return ()
    remote = relation.remote(unit.application).application
    others = (name for name in relation.scope if application_of(name) == remote and name != unit.name)
    return tuple(sorted((name for name in others if _is_alive(model.unit(name))), key=order))


def _is_alive(unit: Unit | None) -> bool:
    # a unit of another model is in the scope as long as it lives
    return unit is None or unit.life == "alive"


def _alive(model: Model, unit: Unit, now: float) -> Iterator[Event]:
    application = model.applications[unit.application]
    state = unit.local_state
    if not state.installed:
        yield events.Lifecycle(step="install")
        return
    config_changed = state.config_hash != config_hash(application, unit)
    if state.upgrade_due:
        yield events.Lifecycle(step="upgrade-charm")
    yield from _created(model, unit)
    if application.leader == unit.name and not state.leader_elected:
        yield events.Lifecycle(step="leader-elected")
    if state.started:
        yield from _workload(unit)
    yield from _secrets(model, unit, now)
    yield from _tasks(model, unit)
    if state.started:
        yield from (events.Storage(storage=item) for item in unit.storage if item not in state.storage)
    if config_changed:
        yield events.Lifecycle(step="config-changed")
    if not state.started:
        yield events.Lifecycle(step="start")
    yield from _relations(model, unit)
    if unit.update_status_due:
        yield events.Lifecycle(step="update-status")


def _dying(model: Model, unit: Unit) -> Iterator[Event]:
    yield from _tasks(model, unit)
    for item in unit.storage:
        if item in unit.local_state.storage:
            yield events.Storage(storage=item, change="detaching")
    yield from _relations(model, unit)
    if not unit.local_state.stopped:
        yield events.Lifecycle(step="stop")
    yield events.Lifecycle(step="remove")


def _created(model: Model, unit: Unit) -> Iterator[Event]:
    for relation in model.relations_of(unit.application):
        if relation.active and relation.id not in unit.local_state.relations:
            yield _related(relation, unit, "created")


def _workload(unit: Unit) -> Iterator[Event]:
    for container, start in sorted(unit.pebble_starts.items()):
        if unit.local_state.pebble_starts.get(container, 0) < start:
            yield events.PebbleReady(container=container, start=start)
    yield from (event for event in unit.pending_events if isinstance(event, events.Notice | events.Check))


def _secrets(model: Model, unit: Unit, now: float) -> Iterator[Event]:
    owned = tuple(secrets.owned(model, unit.name))
    yield from _times(owned, now)
    for secret in model.secrets.values():
        tracking = secret.tracking.get(unit.name)
        latest = secret.latest.number
        reader = secret.readable_by(unit.name) and secret not in owned
        if tracking and reader and latest > max(tracking.revision, tracking.notified_revision):
            yield events.SecretStep(secret=secret.id, becomes="changed", revision=latest, label=tracking.label)
    for secret in owned:
        tracked = {tracking.revision for tracking in secret.tracking.values()}
        for revision in secret.revisions[:-1]:
            if revision.number not in tracked | secret.retired:
                yield _secret(secret, "remove", revision.number)


def _times(owned: Sequence[Secret], now: float) -> Iterator[Event]:
    for secret in owned:
        for revision in secret.revisions:
            if 0 < revision.expiry_due <= now:
                yield _secret(secret, "expired", revision.number)
    for secret in owned:
        if 0 < secret.rotation_due <= now:
            yield _secret(secret, "rotate", secret.latest.number)


def _secret(secret: Secret, becomes: Literal["expired", "rotate", "remove"], revision: int) -> Event:
    return events.SecretStep(secret=secret.id, becomes=becomes, revision=revision, label=secret.label)


def _tasks(model: Model, unit: Unit) -> Iterator[Event]:
    for _, task in sorted(model.tasks.items()):
        if task.unit == unit.name and task.status == "pending":
            yield events.Run(task=task.id, action=task.action)


def _relations(model: Model, unit: Unit) -> Iterator[Event]:
    for relation in model.relations_of(unit.application):
        if relation.id in unit.local_state.relations:
            yield from _relation(model, relation, unit)


def _relation(model: Model, relation: Relation, unit: Unit) -> Iterator[Event]:
    state = unit.local_state.relations[relation.id]
    present = members(model, relation, unit)
    for other in sorted(state.members, key=order):
        if state.members[other] < 0:
            yield _related(relation, unit, "changed", other)
    for other in sorted(state.members, key=order):
        if other not in present:
            yield _related(relation, unit, "departed", other)
    if not relation.peer and (not relation.active or unit.life == "dying"):
        yield _related(relation, unit, "broken")
    if relation.active and unit.life == "alive":
        remote = relation.remote(unit.application).application
        databag = relation.applications.get(remote)
        if databag and databag.version > state.application_version:
            yield _related(relation, unit, "changed")
        yield from (_related(relation, unit, "joined", other) for other in present if other not in state.members)
        for other in present:
            if relation.units[other].version > state.members.get(other, 0):
                yield _related(relation, unit, "changed", other)


def _related(relation: Relation, unit: Unit, change: events.RelationStep, other: str = "") -> Related:
    end = relation.local(unit.application) or relation.ends[0]
    departing = unit.name if unit.life == "dying" else other
    return Related(
        relation=relation.id,
        endpoint=end.endpoint,
        change=change,
        application=relation.remote(unit.application).application,
        unit=other,
        departing=departing if change == "departed" else "",
    )
