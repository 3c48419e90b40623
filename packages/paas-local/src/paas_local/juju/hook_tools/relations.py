"""The hook tools for relations and their databags."""

import re
from collections.abc import Mapping

from paas_local.juju import events, timestamps
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import overlay
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags
from paas_local.juju.hook_tools.general import pairs
from paas_local.juju.model import Databag, Relation, application_of, order
from paas_local.juju.offer_urls import saas_url

_IDENTITY = re.compile(r"(?:(?P<endpoint>.+):)?(?P<number>\d+)")


def relation_ids(call: Call) -> Reply:
    """Return the relations of an endpoint; a broken one is included until its hook ends."""
    endpoint = call.arguments.word(0) or _hook_endpoint(call)
    if not endpoint:
        raise JujuError("no endpoint name specified", code=BAD_ARGUMENTS)
    relations = (relation for relation in known(call) if call.context.local_end(relation).endpoint == endpoint)
    return call.document(sorted(f"{endpoint}:{relation.id}" for relation in relations))


def relation_list(call: Call) -> Reply:
    """Return the remote units whose relation-joined event this unit has handled, or is handling."""
    relation = chosen_relation(call)
    if call.arguments.on("app"):
        return call.document(relation.remote(call.context.application).application)
    return call.document(list(joined(call, relation)))


def relation_get(call: Call) -> Reply:
    """Return a databag; the unit's own databags include the pending writes of this hook."""
    relation = chosen_relation(call)
    key, owner = call.arguments.word(0, "-"), _owner(call, relation)
    data = _readable(call, relation, owner)
    return call.document(data if key in {"", "-"} else data.get(key))


def relation_set(call: Call) -> Reply:
    """Write to the unit's or its application's databag when the hook succeeds; an empty value deletes the key."""
    relation = chosen_relation(call)
    owner = call.context.unit
    if call.arguments.on("app"):
        owner = call.context.application
        if not call.model.leads(call.context.unit):
            raise JujuError("cannot write relation settings")
    key = (relation.id, owner)
    changes = {**call.writes.databags.get(key, {}), **pairs(call)}
    return call.writing(databags={**call.writes.databags, key: changes})


def relation_model_get(call: Call) -> Reply:
    """Return the UUID of the remote application's model."""
    half = chosen_relation(call).other_half
    return call.document({"uuid": half.uuid if half else call.model.uuid})


def goal_state(call: Call) -> Reply:
    """Return the planned units, and the remote applications and units of all relations.

    A SAAS is there by its URL and without units; a relation to an offer is left out.
    """
    model, application = call.context.snapshot, call.context.application
    units = model.applications[application].units
    goals = {"units": {name: _goal(unit.life, unit.workload.since) for name, unit in units.items()}}
    relations: dict[str, dict[str, dict[str, str]]] = {}
    for relation in model.relations_of(application):
        if relation.peer or relation.life == "dying":
            continue
        remote = relation.remote(application).application
        if remote not in model.applications and remote not in model.saas:
            continue
        goal = relations.setdefault(call.context.local_end(relation).endpoint, {})
        if remote in model.saas:
            status = "suspended" if relation.suspended else "joined"
            goal[saas_url(model.saas[remote])] = {"status": status, "since": timestamps.goal_state(model.since)}
            continue
        joined_at = model.applications[remote].since
        goal[remote] = {"status": "joined", "since": timestamps.goal_state(joined_at)}
        for name, unit in model.applications[remote].units.items():
            goal[name] = _goal(unit.life, unit.workload.since)
    return call.document({**goals, "relations": relations})


def known(call: Call) -> tuple[Relation, ...]:
    """Return the relations whose relation-created event this unit has handled, or is handling."""
    unit = call.context.snapshot.unit(call.context.unit)
    event = call.context.event
    current = {event.relation} if isinstance(event, events.Related) else set[int]()
    numbers = current | set(unit.local_state.relations if unit else ())
    return tuple(
        relation for relation in call.context.snapshot.relations_of(call.context.application) if relation.id in numbers
    )


def joined(call: Call, relation: Relation) -> tuple[str, ...]:
    """Return the remote units that have joined, with the one that joins and without the one that departs."""
    unit = call.context.snapshot.unit(call.context.unit)
    state = unit.local_state.relations.get(relation.id) if unit else None
    units = set(state.members if state else ())
    match call.context.event:
        case events.Related(relation=relation.id, change="joined", unit=other):
            units.add(other)
        case events.Related(relation=relation.id, change="departed", unit=other):
            units.discard(other)
        case _:
            pass
    return tuple(sorted(units, key=order))


def chosen_relation(call: Call) -> Relation:
    """Return the relation of ``-r``, by default the hook's."""
    text = call.arguments.flags.get("relation", "")
    if not text:
        if isinstance(call.context.event, events.Related):
            return _by_number(call, call.context.event.relation, str(call.context.event.relation))
        raise JujuError("no relation id specified", code=BAD_ARGUMENTS)
    match = _IDENTITY.fullmatch(text)
    if match is None:
        raise JujuError(f'invalid value "{text}" for option -r: invalid relation id', code=BAD_ARGUMENTS)
    return _by_number(call, int(match["number"]), text)


def _by_number(call: Call, number: int, text: str) -> Relation:
    relation = next((item for item in known(call) if item.id == number), None)
    if relation is None:
        raise JujuError(f'invalid value "{text}" for option -r: relation not found', code=BAD_ARGUMENTS)
    return relation


def _hook_endpoint(call: Call) -> str:
    return call.context.event.endpoint if isinstance(call.context.event, events.Related) else ""


def _owner(call: Call, relation: Relation) -> str:
    default = ""
    if isinstance(call.context.event, events.Related) and call.context.event.relation == relation.id:
        event = call.context.event
        default = event.application if call.arguments.on("app") else event.unit
    owner = call.arguments.word(1, default)
    if not owner:
        raise JujuError("no unit id specified", code=BAD_ARGUMENTS)
    return application_of(owner) if call.arguments.on("app") else owner


def _readable(call: Call, relation: Relation, owner: str) -> Mapping[str, str]:
    leads = owner == call.context.application and call.model.leads(call.context.unit)
    own = leads or owner == call.context.unit
    if not _allowed(call, relation, owner):
        raise JujuError("permission denied")
    source = call.model.relations.get(relation.id, relation) if own else relation
    databags = source.units if "/" in owner else source.applications
    data = databags.get(owner, Databag()).data
    return overlay(data, call.writes.databags.get((relation.id, owner), {})) if own else data


def _allowed(call: Call, relation: Relation, owner: str) -> bool:
    own = application_of(owner) == call.context.application
    if "/" not in owner:
        other = owner == relation.remote(call.context.application).application
        return (own and (relation.peer or call.model.leads(call.context.unit))) or (other and not own)
    if own:
        return owner == call.context.unit or (relation.peer and owner in relation.units)
    return owner in relation.units


def _goal(life: str, since: float) -> dict[str, str]:
    return {"status": "dying" if life == "dying" else "active", "since": timestamps.goal_state(since)}


TOOLS = {
    "relation-ids": Tool(run=relation_ids, flags=flags()),
    "relation-list": Tool(run=relation_list, flags=flags("relation", booleans=("app",))),
    "relation-get": Tool(run=relation_get, flags=flags("relation", booleans=("app",))),
    "relation-set": Tool(run=relation_set, flags=flags("relation", "file", booleans=("app",))),
    "relation-model-get": Tool(run=relation_model_get, flags=flags("relation")),
    "goal-state": Tool(run=goal_state, flags=flags()),
}
