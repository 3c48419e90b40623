"""What becomes of the model when a hook begins, ends well, or fails.

Only a hook that ends well leaves anything of what it wrote, all at once: databags, secrets, ports and
state. If one part is refused (leadership was lost meanwhile) the whole hook has failed. What the unit
has seen is taken from the snapshot that the hook read, not from the model at its end: what changed
while it ran is still news.
"""

import dataclasses
from collections.abc import Mapping

from paas_local.juju import actions, events, next_hook, secrets
from paas_local.juju.errors import Refused
from paas_local.juju.hook_context import Context, overlay
from paas_local.juju.lifecycle import settle
from paas_local.juju.model import (
    Bag,
    Failure,
    Model,
    Relation,
    SeenRelation,
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


def begin(model: Model, name: str, event: events.Event, now: float) -> Model:
    """Note that a unit runs a hook; a new relation's databag is there before its first hook."""
    unit = model.unit(name)
    if unit is None:
        return model
    unit = dataclasses.replace(unit, running=event)
    if event != events.Lifecycle(step="update-status"):
        unit = dataclasses.replace(unit, agent=Status(current="executing", message=events.describe(event), since=now))
    if isinstance(event, events.Lifecycle) and event.step in PHASES:
        unit = _phase(unit, PHASES[event.step], now)
    model = with_unit(model, unit)
    if isinstance(event, events.Run):
        return actions.begin(model, event.task, now)
    if isinstance(event, events.Related) and event.change == "created":
        return _enter(model, event.relation, unit)
    return model


def commit(model: Model, context: Context, now: float) -> Model:
    """Keep everything that a hook wrote, and that its unit has now seen what it was told."""
    if model.unit(context.unit) is None:
        return model
    model = secrets.flush(_flush_bags(model, context), context, now)
    unit = _flush_unit(model.applications[context.application].units[context.unit], context)
    unit = _ended(unit, context.event, now)
    if not isinstance(context.event, events.Run):
        unit = dataclasses.replace(unit, failure=None)
    model = with_unit(model, unit)
    match context.event:
        case events.Related(relation=number, change="broken"):
            model = _leave(model, number, unit.name)
        case events.SecretStep() as step:
            model = secrets.told(model, unit.name, step)
        case _:
            pass
    return settle(_see(model, context, now))


def fail(model: Model, name: str, event: events.Event, now: float, jitter: float = 1.0) -> Model:
    """Note that a hook failed, and when it is tried again: later each time."""
    unit = model.unit(name)
    if unit is None:
        return model
    unit = _ended(unit, event, now)
    if isinstance(event, events.Run):
        return settle(with_unit(model, unit))
    attempts = unit.failure.attempts + 1 if unit.failure else 1
    pause = min(FIRST_RETRY * 2.0 ** (attempts - 1), LONGEST_RETRY) * jitter
    automatic = model.config.get("automatically-retry-hooks") != "false"
    retry_at = now + pause if automatic else None
    failure = Failure(event=event, attempts=attempts, retry_at=retry_at, since=now)
    return settle(with_unit(model, dataclasses.replace(unit, failure=failure)))


def interrupted(model: Model, name: str, event: events.Event, now: float) -> Model:
    """Note that a hook was ended from outside: it is simply due again."""
    unit = model.unit(name)
    return settle(with_unit(model, _ended(unit, event, now))) if unit else model


def _phase(unit: Unit, message: str, now: float) -> Unit:
    return dataclasses.replace(unit, workload=Status(current="maintenance", message=message, since=now))


def _ended(unit: Unit, event: events.Event, now: float) -> Unit:
    agent = unit.agent if unit.agent.current == "idle" else Status(current="idle", since=now)
    unit = dataclasses.replace(unit, running=None, agent=agent)
    if isinstance(event, events.Lifecycle) and event.step == "stop":
        return dataclasses.replace(unit, workload=Status(current="maintenance", since=now))
    return unit


def _enter(model: Model, number: int, unit: Unit) -> Model:
    relation = model.relations.get(number)
    if relation is None:
        return model
    bag = relation.units.get(unit.name)
    if bag is None or unit.name not in relation.scope:
        bag = Bag(data=_addresses(unit), version=bag.version + 1 if bag else 1)
    return with_relation(
        model,
        dataclasses.replace(relation, units={**relation.units, unit.name: bag}, scope=relation.scope | {unit.name}),
    )


def _addresses(unit: Unit) -> dict[str, str]:
    # a unit databag is never empty: Juju writes these three when the unit joins
    return {
        "egress-subnets": f"{unit.address}/32",
        "ingress-address": unit.address,
        "private-address": unit.address,
    }


def _leave(model: Model, number: int, unit: str) -> Model:
    relation = model.relations.get(number)
    if relation is None:
        return model
    return with_relation(model, dataclasses.replace(relation, scope=relation.scope - {unit}))


def _flush_bags(model: Model, context: Context) -> Model:
    for (number, owner), changes in context.writes.bags.items():
        relation = model.relations.get(number)
        if relation is None:
            continue
        if owner == context.application and not model.leads(context.unit):
            raise Refused("cannot write relation settings")
        if owner == context.application:
            bags = _written(relation.applications, owner, changes)
            relation = dataclasses.replace(relation, applications=bags)
            model = _own_write_is_no_news(with_relation(model, relation), context.unit, relation)
        else:
            bags = _written(relation.units, owner, changes)
            model = with_relation(model, dataclasses.replace(relation, units=bags))
    return model


def _written(bags: Mapping[str, Bag], owner: str, changes: Mapping[str, str]) -> dict[str, Bag]:
    bag = bags.get(owner, Bag())
    data = overlay(bag.data, changes)
    return {**bags, owner: bag if data == bag.data else Bag(data=data, version=bag.version + 1)}


def _own_write_is_no_news(model: Model, name: str, relation: Relation) -> Model:
    unit = model.unit(name)
    known = unit.seen.relations.get(relation.id) if unit and relation.peer else None
    if unit is None or known is None:
        return model
    known = dataclasses.replace(known, application=relation.applications[unit.application].version)
    return with_unit(model, _knowing(unit, relation.id, known))


def _knowing(unit: Unit, number: int, known: SeenRelation | None) -> Unit:
    relations = {key: value for key, value in unit.seen.relations.items() if key != number}
    if known is not None:
        relations[number] = known
    return dataclasses.replace(unit, seen=dataclasses.replace(unit.seen, relations=relations))


def _flush_unit(unit: Unit, context: Context) -> Unit:
    writes = context.writes
    state = {key: value for key, value in {**unit.state, **writes.state}.items() if value is not None}
    ports = (unit.ports | writes.opened) - writes.closed
    return dataclasses.replace(unit, state=state, ports=ports)


def _see(model: Model, context: Context, now: float) -> Model:
    unit = model.unit(context.unit)
    if unit is None:
        return model
    match context.event:
        case events.Lifecycle(step=step):
            unit = _see_step(unit, step, context, now)
        case events.Related() as event:
            unit = _see_related(model, unit, event, context.snapshot)
        case events.PebbleReady(container=container, boot=boot):
            seen = dataclasses.replace(unit.seen, boots={**unit.seen.boots, container: boot})
            unit = dataclasses.replace(unit, seen=seen)
        case events.Notice() | events.Check() as event:
            at = unit.waiting.index(event) if event in unit.waiting else len(unit.waiting)
            unit = dataclasses.replace(unit, waiting=unit.waiting[:at] + unit.waiting[at + 1 :])
        case events.Storage(storage=storage):
            seen = dataclasses.replace(unit.seen, storage=unit.seen.storage | {storage})
            unit = dataclasses.replace(unit, seen=seen)
        case events.SecretStep() | events.Run():
            pass
    return with_unit(model, unit)


def _see_step(unit: Unit, step: str, context: Context, now: float) -> Unit:
    seen = unit.seen
    match step:
        case "install":
            seen = dataclasses.replace(seen, installed=True)
        case "upgrade-charm":
            seen = dataclasses.replace(seen, upgrade=False)
        case "leader-elected":
            seen = dataclasses.replace(seen, leader=True)
        case "config-changed":
            application = context.snapshot.applications[application_of(unit.name)]
            seen = dataclasses.replace(seen, config=next_hook.config_digest(application, unit))
        case "start":
            seen = dataclasses.replace(seen, started=True)
            if not unit.charm_spoke:
                unit = dataclasses.replace(unit, workload=Status(current="unknown", since=now))
        case "stop":
            seen = dataclasses.replace(seen, stopped=True)
        case "remove":
            # its pod still has to end; then its agent takes it out of the model
            seen = dataclasses.replace(seen, removed=True)
            unit = dataclasses.replace(unit, workload=Status(current="terminated", since=now))
        case _:
            unit = dataclasses.replace(unit, tick=False)
    return dataclasses.replace(unit, seen=seen)


def _see_related(model: Model, unit: Unit, event: events.Related, snapshot: Model) -> Unit:
    known = unit.seen.relations.get(event.relation, SeenRelation())
    relation = snapshot.relations.get(event.relation)
    if event.change == "broken" or relation is None or event.relation not in model.relations:
        return _knowing(unit, event.relation, None)
    others = dict(known.units)
    match event.change:
        case "joined":
            others[event.unit] = -1
        case "changed" if event.unit:
            others[event.unit] = relation.units[event.unit].version
        case "changed":
            version = relation.applications[event.application].version
            return _knowing(unit, event.relation, dataclasses.replace(known, application=version))
        case "departed":
            others.pop(event.unit, None)
        case _:
            pass
    return _knowing(unit, event.relation, dataclasses.replace(known, units=others))
