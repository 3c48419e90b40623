"""The documents about offers and consumed offers, in the shape that Juju's clients parse."""

from collections.abc import Mapping
from typing import Any

from paas_local.juju import endpoint_matching, offers
from paas_local.juju.charm import Endpoint
from paas_local.juju.cross_model import Models, with_uuid
from paas_local.juju.model import Model, Relation
from paas_local.juju.names import CONTROLLER, OWNER
from paas_local.juju.offer import Offer, Saas
from paas_local.juju.offer_urls import OfferUrl, saas_url
from paas_local.juju.status_document import application_status, status_entry

_USERS = {OWNER: {"display-name": OWNER, "access": "admin"}}


def status_parts(models: Models, model: Model) -> dict[str, Any]:
    """Return the parts of the status document about consumed offers and offers; one without entries is left out."""
    parts = {
        "application-endpoints": {name: _saas(models, model, saas) for name, saas in sorted(model.saas.items())},
        "offers": {name: _status(model, offer) for name, offer in sorted(model.offers.items())},
    }
    return {key: part for key, part in parts.items() if part}


def list_document(model: Model) -> dict[str, Any]:
    """Return the document of ``juju offers --format json``."""
    return {name: _listed(model, offer) for name, offer in sorted(model.offers.items())}


def found_document(models: Models, part: str = "", interface: str = "") -> dict[str, Any]:
    """Return the document of ``juju find-offers``: the offers with ``part`` in their name and with an interface."""
    return {
        key: entry
        for model in models.values()
        for name in sorted(model.offers)
        if part in name
        for key, entry in show_document(model, name).items()
        if interface in {"", *(endpoint["interface"] for endpoint in entry["endpoints"].values())}
    }


def show_document(model: Model, name: str) -> dict[str, Any]:
    """Return the document of ``juju show-offer --format json``."""
    entry = {"access": "admin", "endpoints": _endpoints(model, model.offers[name]), "users": _USERS}
    return {f"{CONTROLLER}:{OfferUrl(model=model.name, name=name)}": entry}


def _saas(models: Models, model: Model, saas: Saas) -> dict[str, Any]:
    related: dict[str, list[str]] = {}
    for relation in model.relations_of(saas.name):
        end = relation.local(saas.name)
        if end is not None:
            related.setdefault(end.endpoint, []).append(relation.remote(saas.name).application)
    entry = {
        "url": saas_url(saas),
        "endpoints": _shown(saas.endpoints),
        "life": saas.life,
        "application-status": _saas_status(models, saas),
    }
    return entry | ({"relations": related} if related else {})


def _saas_status(models: Models, saas: Saas) -> dict[str, Any]:
    source = with_uuid(models, saas.uuid)
    if saas.terminated or source is None:
        return {"current": "terminated", "message": "offer has been removed"}
    return status_entry(application_status(source, source.applications[source.offers[saas.offer].application]))


def _status(model: Model, offer: Offer) -> dict[str, Any]:
    relations = offers.connections(model, offer.name)
    return {
        "application": offer.application,
        "charm": _charm(model, offer),
        "total-connected-count": len(relations),
        "active-connected-count": sum(_connection_status(relation) == "joined" for relation in relations),
        "endpoints": _endpoints(model, offer),
    }


def _listed(model: Model, offer: Offer) -> dict[str, Any]:
    connections = [_connection(relation, offer) for relation in offers.connections(model, offer.name)]
    entry = {
        "application": offer.application,
        "store": CONTROLLER,
        "charm": _charm(model, offer),
        "offer-url": str(OfferUrl(model=model.name, name=offer.name)),
        "endpoints": _endpoints(model, offer),
        "users": _USERS,
    }
    return entry | ({"connections": connections} if connections else {})


def _connection(relation: Relation, offer: Offer) -> dict[str, Any]:
    end = relation.local(offer.application)
    status = {"current": _connection_status(relation)}
    return {
        "source-model-uuid": relation.other_half.uuid if relation.other_half else "",
        "username": OWNER,
        "relation-id": relation.id,
        "endpoint": end.endpoint if end else "",
        "status": status | ({"message": relation.message} if relation.message else {}),
    }


def _connection_status(relation: Relation) -> str:
    if relation.life == "dying":
        return "broken"
    if relation.suspended:
        return "suspended"
    return "joined" if relation.scope else "joining"


def _charm(model: Model, offer: Offer) -> str:
    charm = model.applications[offer.application].charm
    return f"local:{charm.name}-{charm.revision}"


def _endpoints(model: Model, offer: Offer) -> dict[str, Any]:
    known = endpoint_matching.endpoints(model, offer.application)
    return _shown({name: known[name] for name in offer.endpoints if name in known})


def _shown(endpoints: Mapping[str, Endpoint]) -> dict[str, Any]:
    return {name: {"interface": each.interface, "role": each.role} for name, each in sorted(endpoints.items())}
