"""What a charm reads and writes of its relations, and what it may not."""

import re
from collections.abc import Mapping

from paas_local.juju import events, timestamps
from paas_local.juju.errors import Refused
from paas_local.juju.hook_context import overlay
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags
from paas_local.juju.hook_tools.general import pairs
from paas_local.juju.model import Bag, Relation, application_of, order

IDENTITY = re.compile(r"(?:(?P<endpoint>.+):)?(?P<number>\d+)")


def relation_ids(call: Call) -> Reply:
    """List the relations of an endpoint; a broken one is there until its hook ends."""
    endpoint = call.arguments.word(0) or _hook_endpoint(call)
    if not endpoint:
        raise Refused("no endpoint name specified", code=BAD_ARGUMENTS)
    found = (
        f"{endpoint}:{relation.id}" for relation in known(call) if call.context.side(relation).endpoint == endpoint
    )
    return call.document(sorted(found))


def relation_list(call: Call) -> Reply:
    """List the units that this unit has been told of, which are not all that take part."""
    relation = chosen(call)
    if call.arguments.on("app"):
        return call.document(relation.remote(call.context.application).application)
    return call.document(list(joined(call, relation)))


def relation_get(call: Call) -> Reply:
    """Read a databag; the own ones as this hook has written them."""
    relation = chosen(call)
    key, owner = call.arguments.word(0, "-"), _owner(call, relation)
    data = _readable(call, relation, owner)
    return call.document(data if key in {"", "-"} else data.get(key))


def relation_set(call: Call) -> Reply:
    """Write into an own databag at the end of the hook; an empty value deletes the key."""
    relation = chosen(call)
    owner = call.context.unit
    if call.arguments.on("app"):
        owner = call.context.application
        if not call.model.leads(call.context.unit):
            raise Refused("cannot write relation settings")
    bag = (relation.id, owner)
    written = {**call.writes.bags.get(bag, {}), **pairs(call)}
    return call.writing(bags={**call.writes.bags, bag: written})


def relation_model_get(call: Call) -> Reply:
    """All relations are within one model."""
    chosen(call)
    return call.document({"uuid": call.model.uuid})


def goal_state(call: Call) -> Reply:
    """Show which units are planned, and whom the relations will bring."""
    model, application = call.context.snapshot, call.context.application
    units = model.applications[application].units
    goals = {"units": {name: _goal(unit.life, unit.workload.since) for name, unit in units.items()}}
    relations: dict[str, dict[str, dict[str, str]]] = {}
    for relation in model.relations_of(application):
        if relation.peer or relation.life == "dying":
            continue
        remote = relation.remote(application).application
        joined_at = model.applications[remote].since
        shown = relations.setdefault(call.context.side(relation).endpoint, {})
        shown[remote] = {"status": "joined", "since": timestamps.goal(joined_at)}
        for name, unit in model.applications[remote].units.items():
            shown[name] = _goal(unit.life, unit.workload.since)
    return call.document({**goals, "relations": relations})


def known(call: Call) -> tuple[Relation, ...]:
    """List the relations that this unit has been told of."""
    unit = call.context.snapshot.unit(call.context.unit)
    event = call.context.event
    own = {event.relation} if isinstance(event, events.Related) else set[int]()
    numbers = own | set(unit.seen.relations if unit else ())
    return tuple(
        relation for relation in call.context.snapshot.relations_of(call.context.application) if relation.id in numbers
    )


def joined(call: Call, relation: Relation) -> tuple[str, ...]:
    """List the units joined so far: with the one that joins, without the one that departs."""
    unit = call.context.snapshot.unit(call.context.unit)
    seen = unit.seen.relations.get(relation.id) if unit else None
    units = set(seen.units if seen else ())
    match call.context.event:
        case events.Related(relation=relation.id, change="joined", unit=other):
            units.add(other)
        case events.Related(relation=relation.id, change="departed", unit=other):
            units.discard(other)
        case _:
            pass
    return tuple(sorted(units, key=order))


def chosen(call: Call) -> Relation:
    """Find the relation of ``-r``, by default the hook's."""
    text = call.arguments.flags.get("relation", "")
    if not text:
        if isinstance(call.context.event, events.Related):
            return _by_number(call, call.context.event.relation, str(call.context.event.relation))
        raise Refused("no relation id specified", code=BAD_ARGUMENTS)
    match = IDENTITY.fullmatch(text)
    if match is None:
        raise Refused(f'invalid value "{text}" for option -r: invalid relation id', code=BAD_ARGUMENTS)
    return _by_number(call, int(match["number"]), text)


def _by_number(call: Call, number: int, text: str) -> Relation:
    relation = next((item for item in known(call) if item.id == number), None)
    if relation is None:
        raise Refused(f'invalid value "{text}" for option -r: relation not found', code=BAD_ARGUMENTS)
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
        raise Refused("no unit id specified", code=BAD_ARGUMENTS)
    return application_of(owner) if call.arguments.on("app") else owner


def _readable(call: Call, relation: Relation, owner: str) -> Mapping[str, str]:
    leads = owner == call.context.application and call.model.leads(call.context.unit)
    mine = leads or owner == call.context.unit
    if not _allowed(call, relation, owner):
        raise Refused("permission denied")
    source = call.model.relations.get(relation.id, relation) if mine else relation
    bags = source.units if "/" in owner else source.applications
    data = bags.get(owner, Bag()).data
    return overlay(data, call.writes.bags.get((relation.id, owner), {})) if mine else data


def _allowed(call: Call, relation: Relation, owner: str) -> bool:
    own = application_of(owner) == call.context.application
    if "/" not in owner:
        other = owner == relation.remote(call.context.application).application
        return (own and (relation.peer or call.model.leads(call.context.unit))) or (other and not own)
    if own:
        return owner == call.context.unit or (relation.peer and owner in relation.units)
    return owner in relation.units


def _goal(life: str, since: float) -> dict[str, str]:
    return {"status": "dying" if life == "dying" else "active", "since": timestamps.goal(since)}


TOOLS = {
    "relation-ids": Tool(run=relation_ids, flags=flags()),
    "relation-list": Tool(run=relation_list, flags=flags("relation", booleans=("app",))),
    "relation-get": Tool(run=relation_get, flags=flags("relation", booleans=("app",))),
    "relation-set": Tool(run=relation_set, flags=flags("relation", "file", booleans=("app",))),
    "relation-model-get": Tool(run=relation_model_get, flags=flags("relation")),
    "goal-state": Tool(run=goal_state, flags=flags()),
}
