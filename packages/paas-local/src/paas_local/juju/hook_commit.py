"""The model after a hook has begun, succeeded or failed.

A hook that succeeds commits all its writes at once: databags, secrets, storage, ports and state. If one of them is
invalid by then (the unit lost the leadership meanwhile), the whole hook has failed. The unit's local state advances to
the snapshot that the hook read, not to the model at its end, so a change during the hook causes another event.
"""

import dataclasses
from collections.abc import Mapping

from paas_local.juju import actions, events, go_values, next_hook, secrets, storage
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import HookContext, overlay
from paas_local.juju.lifecycle import advance
from paas_local.juju.model import (
    Databag,
    Failure,
    Model,
    Relation,
    RelationState,
    Status,
    Unit,
    application_of,
    with_relation,
    with_unit,
)

FIRST_RETRY = 5.0
LONGEST_RETRY = 300.0
PHASES = {
    "install": "installing charm software",
    "stop": "stopping charm software",
    "remove": "cleaning up prior to charm deletion",
}


def wait(model: Model, name: str, event: events.Event, now: float) -> Model:
    """Record that a unit's hook is due but waits for others: the unit is not idle."""
    unit = model.unit(name)
    if unit is None or unit.agent.current != "idle":
        return model
    return with_unit(model, _executing(unit, event, now))


def rest(model: Model, name: str, now: float) -> Model:
    """Record that none of a unit's hooks is due, not even one that has waited."""
    unit = model.unit(name)
    if unit is None or unit.running is not None or unit.agent.current != "executing":
        return model
    return with_unit(model, dataclasses.replace(unit, agent=Status(current="idle", since=now)))


def begin(model: Model, name: str, event: events.Event, now: float) -> Model:
    """Record that a unit runs a hook; relation-created first creates the unit's databag."""
    unit = model.unit(name)
    if unit is None:
        return model
    unit = _executing(dataclasses.replace(unit, running=event), event, now)
    if isinstance(event, events.Lifecycle) and event.step in PHASES:
        workload = Status(current="maintenance", message=PHASES[event.step], since=now)
        unit = dataclasses.replace(unit, workload=workload)
    model = with_unit(model, unit)
    if isinstance(event, events.Run):
        return actions.begin(model, event.task, now)
    if isinstance(event, events.Related) and event.change == "created":
        return _enter_scope(model, event.relation, unit)
    return model


def commit(model: Model, context: HookContext, now: float) -> Model:
    """Apply all writes of a successful hook, and advance its unit's local state."""
    if model.unit(context.unit) is None:
        return model
    model = storage.commit(secrets.commit(_commit_databags(model, context), context, now), context)
    unit = _commit_unit(model.applications[context.application].units[context.unit], context)
    unit = _ended(unit, context.event, now)
    if not isinstance(context.event, events.Run):
        unit = dataclasses.replace(unit, failure=None)
    model = with_unit(model, unit)
    match context.event:
        case events.Related(relation=number, change="broken"):
            model = _leave_scope(model, number, unit.name)
        case events.SecretStep() as step:
            model = secrets.notified(model, unit.name, step, now)
        case _:
            pass
    return advance(_advance_local_state(model, context, now))


def fail(model: Model, name: str, event: events.Event, now: float, jitter: float = 1.0) -> Model:
    """Record that a hook failed, and when it is retried; the pause doubles with each attempt."""
    unit = model.unit(name)
    if unit is None:
        return model
    unit = _ended(unit, event, now)
    if isinstance(event, events.Run):
        return advance(with_unit(model, unit))
    attempts = unit.failure.attempts + 1 if unit.failure else 1
    pause = min(FIRST_RETRY * 2.0 ** (attempts - 1), LONGEST_RETRY) * jitter
    automatic = go_values.boolean(model.config.get("automatically-retry-hooks", "true")) is not False
    retry_at = now + pause if automatic else None
    failure = Failure(event=event, attempts=attempts, retry_at=retry_at, since=now)
    return advance(with_unit(model, dataclasses.replace(unit, failure=failure)))


def interrupted(model: Model, name: str, event: events.Event, now: float) -> Model:
    """Record that a hook was killed from outside; it stays due."""
    unit = model.unit(name)
    return advance(with_unit(model, _ended(unit, event, now))) if unit else model


def _executing(unit: Unit, event: events.Event, now: float) -> Unit:
    if event == events.Lifecycle(step="update-status"):
        return unit
    return dataclasses.replace(unit, agent=Status(current="executing", message=events.agent_message(event), since=now))


def _ended(unit: Unit, event: events.Event, now: float) -> Unit:
    agent = unit.agent if unit.agent.current == "idle" else Status(current="idle", since=now)
    unit = dataclasses.replace(unit, running=None, agent=agent)
    if isinstance(event, events.Lifecycle) and event.step == "stop":
        return dataclasses.replace(unit, workload=Status(current="maintenance", since=now))
    return unit


def _enter_scope(model: Model, number: int, unit: Unit) -> Model:
    relation = model.relations.get(number)
    if relation is None:
        return model
    databag = relation.units.get(unit.name)
    if databag is None or unit.name not in relation.scope:
        databag = Databag(data=_addresses(model, unit), version=databag.version + 1 if databag else 1)
    units = {**relation.units, unit.name: databag}
    return with_relation(model, dataclasses.replace(relation, units=units, scope=relation.scope | {unit.name}))


def _addresses(model: Model, unit: Unit) -> dict[str, str]:
    # a unit databag is never empty: Juju writes these when the unit joins
    if not model.agent_version.startswith("3."):
        return {"ip": unit.address}
    return {
        "egress-subnets": f"{unit.address}/32",
        "ingress-address": unit.address,
        "private-address": unit.address,
    }


def _leave_scope(model: Model, number: int, unit: str) -> Model:
    relation = model.relations.get(number)
    if relation is None:
        return model
    return with_relation(model, dataclasses.replace(relation, scope=relation.scope - {unit}))


def _commit_databags(model: Model, context: HookContext) -> Model:
    for (number, owner), changes in context.writes.databags.items():
        relation = model.relations.get(number)
        if relation is None:
            continue
        if owner == context.application and not model.leads(context.unit):
            raise JujuError("cannot write relation settings")
        if owner == context.application:
            databags = _changed(relation.applications, owner, changes)
            relation = dataclasses.replace(relation, applications=databags)
            model = _without_event_of_own_write(with_relation(model, relation), context.unit, relation)
        else:
            databags = _changed(relation.units, owner, changes)
            model = with_relation(model, dataclasses.replace(relation, units=databags))
    return model


def _changed(databags: Mapping[str, Databag], owner: str, changes: Mapping[str, str]) -> dict[str, Databag]:
    databag = databags.get(owner, Databag())
    data = overlay(databag.data, changes)
    return {**databags, owner: databag if data == databag.data else Databag(data=data, version=databag.version + 1)}


def _without_event_of_own_write(model: Model, name: str, relation: Relation) -> Model:
    unit = model.unit(name)
    state = unit.local_state.relations.get(relation.id) if unit and relation.peer else None
    if unit is None or state is None:
        return model
    state = dataclasses.replace(state, application_version=relation.applications[unit.application].version)
    return with_unit(model, _with_relation_state(unit, relation.id, state))


def _with_relation_state(unit: Unit, number: int, state: RelationState | None) -> Unit:
    relations = {key: value for key, value in unit.local_state.relations.items() if key != number}
    if state is not None:
        relations[number] = state
    return dataclasses.replace(unit, local_state=dataclasses.replace(unit.local_state, relations=relations))


def _commit_unit(unit: Unit, context: HookContext) -> Unit:
    writes = context.writes
    state = {key: value for key, value in {**unit.state, **writes.state}.items() if value is not None}
    ports = unit.ports if writes.ports is None else writes.ports
    return dataclasses.replace(unit, state=state, ports=ports)


def _advance_local_state(model: Model, context: HookContext, now: float) -> Model:
    unit = model.unit(context.unit)
    if unit is None:
        return model
    state = unit.local_state
    match context.event:
        case events.Lifecycle(step=step):
            unit = _after_step(unit, step, context, now)
        case events.Related() as event:
            unit = _after_relation_event(model, unit, event, context.snapshot)
        case events.PebbleReady(container=container, start=start):
            state = dataclasses.replace(state, pebble_starts={**state.pebble_starts, container: start})
            unit = dataclasses.replace(unit, local_state=state)
        case events.Notice() | events.Check() as event:
            pending = unit.pending_events
            at = pending.index(event) if event in pending else len(pending)
            unit = dataclasses.replace(unit, pending_events=pending[:at] + pending[at + 1 :])
        case events.Storage(storage=item, change=change):
            attached = state.storage | {item} if change == "attached" else state.storage - {item}
            state = dataclasses.replace(state, storage=attached)
            unit = dataclasses.replace(unit, local_state=state)
        case events.SecretStep() | events.Run():
            pass
    return with_unit(model, unit)


def _after_step(unit: Unit, step: str, context: HookContext, now: float) -> Unit:
    state = unit.local_state
    match step:
        case "install":
            state = dataclasses.replace(state, installed=True)
        case "upgrade-charm":
            state = dataclasses.replace(state, upgrade_due=False)
        case "leader-elected":
            state = dataclasses.replace(state, leader_elected=True)
        case "config-changed":
            application = context.snapshot.applications[application_of(unit.name)]
            state = dataclasses.replace(state, config_hash=next_hook.config_hash(application, unit))
        case "start":
            state = dataclasses.replace(state, started=True)
            if not unit.charm_set_status:
                unit = dataclasses.replace(unit, workload=Status(current="unknown", since=now))
        case "stop":
            state = dataclasses.replace(state, stopped=True)
        case "remove":
            # the unit's agent removes it from the model once its pod has ended
            state = dataclasses.replace(state, removed=True)
            unit = dataclasses.replace(unit, workload=Status(current="terminated", since=now))
        case _:
            unit = dataclasses.replace(unit, update_status_due=False)
    return dataclasses.replace(unit, local_state=state)


def _after_relation_event(model: Model, unit: Unit, event: events.Related, snapshot: Model) -> Unit:
    state = unit.local_state.relations.get(event.relation, RelationState())
    relation = snapshot.relations.get(event.relation)
    if event.change == "broken" or relation is None or event.relation not in model.relations:
        return _with_relation_state(unit, event.relation, None)
    members = dict(state.members)
    match event.change:
        case "joined":
            members[event.unit] = -1
        case "changed" if event.unit:
            members[event.unit] = relation.units[event.unit].version
        case "changed":
            version = relation.applications[event.application].version
            state = dataclasses.replace(state, application_version=version)
        case "departed":
            members.pop(event.unit, None)
        case _:
            pass
    return _with_relation_state(unit, event.relation, dataclasses.replace(state, members=members))
