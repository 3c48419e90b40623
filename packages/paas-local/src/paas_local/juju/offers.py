"""The operations on the offers of one model and on the relations to them."""

import dataclasses
from collections.abc import Collection, Sequence

from paas_local.juju import endpoint_matching
from paas_local.juju.errors import JujuError
from paas_local.juju.lifecycle import advance
from paas_local.juju.model import Model, Relation, with_relation
from paas_local.juju.names import APPLICATION_NAME
from paas_local.juju.offer import Offer


def add(model: Model, offer: Offer) -> Model:
    """Add an offer, or change the offer of the same name."""
    before = model.offers.get(offer.name)
    failed = f'cannot {"update" if before else "add"} application offer "{offer.name}"'
    if offer.application not in model.applications:
        raise JujuError(f'getting offered application {offer.application}: application "{offer.application}" not found')
    if not APPLICATION_NAME.fullmatch(offer.name):
        raise JujuError(f'{failed}: offer name "{offer.name}" not valid')
    known = endpoint_matching.endpoints(model, offer.application)
    for endpoint in offer.endpoints:
        if endpoint not in known:
            raise JujuError(
                f'{failed}: getting relation endpoint for relation "{endpoint}" and application '
                f'"{offer.application}": application "{offer.application}" has no "{endpoint}" relation'
            )
    if before and (gone := _connected_endpoints(model, before) - _endpoints(offer)):
        names = ", ".join(f'"{endpoint}"' for _, endpoint in sorted(gone))
        lost = f"endpoints {names} which have" if len(gone) > 1 else f"endpoint {names} which has"
        new = f"{offer.application}:{', '.join(sorted(offer.endpoints))}"
        raise JujuError(f"{failed}: updating offer {new} would remove {lost} active consumers")
    return dataclasses.replace(model, offers={**model.offers, offer.name: offer})


def remove(model: Model, name: str, *, force: bool = False) -> Model:
    """Remove an offer; with ``force``, also the relations to it."""
    if name not in model.offers:
        raise JujuError(f'offer "{name}" not found')
    relations = connections(model, name)
    if relations and not force:
        count = f"{len(relations)} relation{'s' if len(relations) > 1 else ''}"
        raise JujuError(f'cannot delete application offer "{name}": offer has {count}')
    for relation in relations:
        model = with_relation(model, dataclasses.replace(relation, life="dying"))
    offers = {key: offer for key, offer in model.offers.items() if key != name}
    return advance(dataclasses.replace(model, offers=offers))


def remove_saas(model: Model, names: Sequence[str]) -> Model:
    """Mark consumed offers and their relations as dying."""
    for name in names:
        if name not in model.saas:
            raise JujuError(f'removing SAAS application {name} failed: saas application "{name}" not found')
        for relation in model.relations_of(name):
            model = with_relation(model, dataclasses.replace(relation, life="dying"))
        saas = dataclasses.replace(model.saas[name], life="dying")
        model = dataclasses.replace(model, saas={**model.saas, name: saas})
    return advance(model)


def suspend(model: Model, numbers: Sequence[int], message: str) -> Model:
    """Suspend relations to offers of this model."""
    return _set_suspended(model, numbers, message, suspended=True)


def resume(model: Model, numbers: Sequence[int]) -> Model:
    """Resume suspended relations."""
    return _set_suspended(model, numbers, "", suspended=False)


def connections(model: Model, name: str) -> tuple[Relation, ...]:
    """Return the relations to an offer, oldest first."""
    return tuple(
        relation
        for _, relation in sorted(model.relations.items())
        if relation.other_half is not None and relation.other_half.offer == name
    )


def check_unused(model: Model, applications: Collection[str]) -> None:
    """Raise JujuError if other models are related to an application."""
    for name in applications:
        consumers = [each for each in model.relations_of(name) if each.is_to_offer]
        if consumers:
            count = f"{len(consumers)} consumer{'s' if len(consumers) > 1 else ''}"
            raise JujuError(
                f"removing application {name} failed: "
                f'cannot destroy application "{name}": application is used by {count}'
            )


def _set_suspended(model: Model, numbers: Sequence[int], message: str, *, suspended: bool) -> Model:
    for number in numbers:
        relation = model.relations.get(number)
        if relation is None:
            raise JujuError(f"relation {number} not found")
        if not relation.is_to_offer:
            raise JujuError(f'cannot set suspend status for "{relation.key}" which is not associated with an offer')
        model = with_relation(model, dataclasses.replace(relation, suspended=suspended, message=message))
    return advance(model)


def _endpoints(offer: Offer) -> set[tuple[str, str]]:
    return {(offer.application, endpoint) for endpoint in offer.endpoints}


def _connected_endpoints(model: Model, offer: Offer) -> set[tuple[str, str]]:
    ends = (relation.local(offer.application) for relation in connections(model, offer.name))
    return {(end.application, end.endpoint) for end in ends if end is not None}
