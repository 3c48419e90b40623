"""The endpoints of a relation, found from the operator's words: ``APP[:ENDPOINT]`` for each end."""

from collections.abc import Iterator, Mapping

from paas_local.juju.charm import Endpoint
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model, Relation, RelationEnd, not_found

# Every application has it without declaring it; an endpoint that a charm declares takes precedence.
JUJU_INFO = Endpoint(name="juju-info", interface="juju-info", role="provider")


def endpoints(model: Model, name: str) -> Mapping[str, Endpoint]:
    """Return the endpoints of an application, or of a SAAS: those of its offer."""
    application = model.applications.get(name)
    if application is not None and application.life == "alive":
        return {**application.charm.endpoints, JUJU_INFO.name: JUJU_INFO}
    saas = model.saas.get(name)
    if saas is None or saas.life == "dying":
        raise JujuError(not_found(model, name), code=1)
    return saas.endpoints


def matching_ends(model: Model, first: str, second: str) -> tuple[RelationEnd, RelationEnd]:
    """Return the one pair of matching endpoints, the requirer first."""
    pairs = [
        (_end(a, x), _end(b, y)) if x.role == "requirer" else (_end(b, y), _end(a, x))
        for a, x in _candidates(model, first)
        for b, y in _candidates(model, second)
        if x.interface == y.interface and {x.role, y.role} == {"requirer", "provider"}
    ]
    pairs = [pair for pair in pairs if pair[1].endpoint != JUJU_INFO.name] or pairs
    if not pairs:
        raise JujuError("no relations found")
    if len(pairs) > 1:
        raise _ambiguous(first, second, [" ".join(str(end) for end in pair) for pair in pairs])
    return pairs[0]


def existing(model: Model, first: str, second: str) -> Relation | None:
    """Return the living relation between two ends, if there is one."""
    relations = [
        relation
        for relation in model.relations.values()
        if not relation.peer and relation.life == "alive" and _connects(relation, first, second)
    ]
    if len(relations) > 1:
        raise _ambiguous(first, second, [relation.key for relation in relations])
    return relations[0] if relations else None


def check_limit(model: Model, end: RelationEnd, key: str) -> None:
    """Raise JujuError if an endpoint accepts no further relation; ``key`` is the new relation's."""
    endpoint = endpoints(model, end.application)[end.endpoint]
    if endpoint.limit is None or end.application in model.saas:
        return
    relations = [
        relation
        for relation in model.relations_of(end.application)
        if any((other.application, other.endpoint) == (end.application, end.endpoint) for other in relation.ends)
    ]
    if len(relations) >= endpoint.limit:
        raise JujuError(
            f'cannot add relation "{key}": establishing a new relation for '
            f"{end} would exceed its maximum relation limit of {endpoint.limit} (quota limit exceeded)"
        )


def _candidates(model: Model, text: str) -> Iterator[tuple[str, Endpoint]]:
    name, _, endpoint_name = text.partition(":")
    known = endpoints(model, name)
    if endpoint_name and endpoint_name not in known:
        raise JujuError(f'application "{name}" has no "{endpoint_name}" relation')
    for endpoint in known.values():
        if endpoint.role != "peer" and endpoint_name in {"", endpoint.name}:
            yield name, endpoint


def _end(application: str, endpoint: Endpoint) -> RelationEnd:
    return RelationEnd(application=application, endpoint=endpoint.name, role=endpoint.role)


def _ambiguous(first: str, second: str, keys: list[str]) -> JujuError:
    names = "; ".join(sorted(f'"{key}"' for key in keys))
    return JujuError(f'ambiguous relation: "{first} {second}" could refer to {names}')


def _connects(relation: Relation, first: str, second: str) -> bool:
    a, b = relation.ends
    return (_is(a, first) and _is(b, second)) or (_is(a, second) and _is(b, first))


def _is(end: RelationEnd, text: str) -> bool:
    application, _, endpoint = text.partition(":")
    return end.application == application and endpoint in {"", end.endpoint}
