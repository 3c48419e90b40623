"""Which endpoints two applications can be related by, from what an operator typed."""

from collections.abc import Iterator

from paas_local.juju.errors import Refused
from paas_local.juju.model import Endpoint, Model, Relation, Side

# Every application has it without declaring it; an endpoint that a charm declares wins over it.
JUJU_INFO = Endpoint(name="juju-info", interface="juju-info", role="provider")


def sides(model: Model, first: str, second: str) -> tuple[Side, Side]:
    """Find the one pair of endpoints that fits, the requirer first."""
    pairs = [
        (_side(a, x), _side(b, y)) if x.role == "requirer" else (_side(b, y), _side(a, x))
        for a, x in _candidates(model, first)
        for b, y in _candidates(model, second)
        if x.interface == y.interface and {x.role, y.role} == {"requirer", "provider"}
    ]
    pairs = [pair for pair in pairs if pair[1].endpoint != JUJU_INFO.name] or pairs
    if not pairs:
        raise Refused("no relations found")
    if len(pairs) > 1:
        names = "; ".join(sorted(f'"{_ends(pair)}"' for pair in pairs))
        raise Refused(f'ambiguous relation: "{first} {second}" could refer to {names}')
    return pairs[0]


def existing(model: Model, first: str, second: str) -> Relation | None:
    """Find the relation that an operator means, by both ends."""
    found = [
        relation
        for relation in model.relations.values()
        if not relation.peer and relation.life == "alive" and _means(relation, first, second)
    ]
    if len(found) > 1:
        names = "; ".join(sorted(f'"{relation.key}"' for relation in found))
        raise Refused(f'ambiguous relation: "{first} {second}" could refer to {names}')
    return found[0] if found else None


def limited(model: Model, side: Side) -> int | None:
    """Give an endpoint's limit once it is used up."""
    endpoint = model.applications[side.application].charm.endpoints.get(side.endpoint)
    used = [
        relation
        for relation in model.relations_of(side.application)
        if any(end.application == side.application and end.endpoint == side.endpoint for end in relation.sides)
    ]
    return endpoint.limit if endpoint and endpoint.limit is not None and len(used) >= endpoint.limit else None


def _candidates(model: Model, text: str) -> Iterator[tuple[str, Endpoint]]:
    name, _, wanted = text.partition(":")
    application = model.applications.get(name)
    if application is None or application.life == "dying":
        raise Refused(f'application "{name}" not found', code=1)
    declared = {**application.charm.endpoints, JUJU_INFO.name: JUJU_INFO}
    if wanted and wanted not in declared:
        raise Refused(f'application "{name}" has no "{wanted}" relation')
    for endpoint in declared.values():
        if endpoint.role != "peer" and wanted in {"", endpoint.name}:
            yield name, endpoint


def _side(application: str, endpoint: Endpoint) -> Side:
    return Side(application=application, endpoint=endpoint.name, role=endpoint.role)


def _ends(pair: tuple[Side, Side]) -> str:
    return " ".join(f"{side.application}:{side.endpoint}" for side in pair)


def _means(relation: Relation, first: str, second: str) -> bool:
    a, b = relation.sides
    return (_is(a, first) and _is(b, second)) or (_is(a, second) and _is(b, first))


def _is(side: Side, text: str) -> bool:
    application, _, endpoint = text.partition(":")
    return side.application == application and endpoint in {"", side.endpoint}
