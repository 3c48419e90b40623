"""Relations across models: the operations that concern two models, and what each model copies from the other.

Each half of a relation has the databags and the living units of the other half's application, under the name of the
stand-in. A secret that is granted over the relation has a copy in the other model, so hooks read it as any other. The
revisions that units read of the copy are recorded in the secret. While a relation is suspended, the copies stay as they
are, and no unit may read the secrets.
"""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from paas_local.juju import endpoint_matching, offer_urls, operations
from paas_local.juju.errors import JujuError
from paas_local.juju.lifecycle import advance
from paas_local.juju.model import Model, Relation, RelationEnd, Secret, application_of, with_relation, with_secret
from paas_local.juju.names import OWNER
from paas_local.juju.offer import Offer, OtherHalf, Saas
from paas_local.juju.offer_urls import OfferUrl

Models = Mapping[str, Model]
"""All models by their names."""


def with_uuid(models: Models, uuid: str) -> Model | None:
    """Return the model of a UUID."""
    return next((model for model in models.values() if model.uuid == uuid), None)


def connected(models: Models, model: Model) -> tuple[Model, ...]:
    """Return the models that a model has relations with."""
    uuids = {relation.other_half.uuid for relation in model.relations.values() if relation.other_half}
    return tuple(other for other in models.values() if other.uuid in uuids)


def named_offer(models: Models, url: OfferUrl) -> Offer:
    """Return the offer of a URL."""
    if url.model not in models:
        raise JujuError(f'model "{OWNER}/{url.model}" not found')
    if url.name not in models[url.model].offers:
        raise JujuError(f'application offer "{url}" not found')
    return models[url.model].offers[url.name]


def consume(models: Models, name: str, text: str, alias: str = "") -> Models:
    """Add the offer of a URL to a model, under its own name or another one; return the changed models."""
    url = offer_urls.parse(text)
    if url.endpoint:
        raise JujuError(f'saas offer "{text}" shouldn\'t include endpoint')
    return {name: _consumed(models, models[name], url, alias or url.name)}


def integrate(models: Models, name: str, first: str, second: str) -> Models:
    """Relate two applications, of which one may be a SAAS or the URL of an offer; return the changed models."""
    model = models[name]
    if "." in first and "." in second:
        raise JujuError("providing more than one remote endpoints not supported")
    ends = list[str]()
    for text in (first, second):
        if "." not in text:
            ends.append(text)
            continue
        url = offer_urls.parse(text)
        model = _consumed(models, model, url, url.name)
        ends.append(f"{url.name}:{url.endpoint}" if url.endpoint else url.name)
    number = model.next_relation
    model = operations.integrate(model, *ends)
    saas = next((end for end in model.relations[number].ends if end.application in model.saas), None)
    return _connect(models, model, model.relations[number], saas) if saas else {name: model}


def settled(models: Models) -> Models:
    """Return the models after each has copied what the others have for it; a second call changes nothing."""
    models = dict(models)
    while changed := {name: after for name, model in models.items() if (after := _settle(models, model)) != model}:
        models |= changed
    return models


def _consumed(models: Models, model: Model, url: OfferUrl, name: str) -> Model:
    offer, source = named_offer(models, url), models[url.model]
    failed = f"could not consume {url}"
    if source.uuid == model.uuid:
        raise JujuError(f'{failed}: it is in this model; integrate its application "{offer.application}"')
    if name in model.applications:
        raise JujuError(
            f'{failed}: cannot add saas application "{name}": local application with same name already exists'
        )
    before = model.saas.get(name)
    if before and (before.life == "dying" or (before.terminated and model.relations_of(name))):
        raise JujuError(f'{failed}: saas application called "{name}" exists but is terminating')
    if before and not before.terminated and before.uuid != source.uuid:
        raise JujuError(f'{failed}: saas application called "{name}" from a different model already exists')
    if before and not before.terminated and before.offer != offer.name:
        raise JujuError(f'{failed}: saas application called "{name}" already exists')
    known = endpoint_matching.endpoints(source, offer.application)
    endpoints = {endpoint: known[endpoint] for endpoint in offer.endpoints if endpoint in known}
    saas = Saas(name=name, model=source.name, uuid=source.uuid, offer=offer.name, endpoints=endpoints)
    return dataclasses.replace(model, saas={**model.saas, name: saas})


def _connect(models: Models, model: Model, relation: Relation, saas_end: RelationEnd) -> Models:
    saas = model.saas[saas_end.application]
    source = with_uuid(models, saas.uuid)
    local = relation.remote(saas.name)
    if local.application in model.saas:
        raise JujuError("no relations found")
    if source is None or saas.terminated:
        raise JujuError(
            f'Offer "{saas.name}" has been removed from the remote model. To integrate with a new offer with the same '
            f"name, first run 'juju remove-saas {saas.name}' to remove the SAAS record from this model."
        )
    offer = source.offers[saas.offer]
    end = dataclasses.replace(saas_end, application=offer.application)
    endpoint_matching.check_limit(source, end, relation.key)
    digest = hashlib.sha256(f"{model.uuid} {local.application}".encode()).hexdigest()
    name = f"remote-{digest[:32]}"
    here = OtherHalf(uuid=source.uuid, relation=source.next_relation, application=offer.application, stand_in=saas.name)
    there = OtherHalf(
        uuid=model.uuid, relation=relation.id, application=local.application, stand_in=name, offer=offer.name
    )
    other = Relation(
        id=source.next_relation,
        interface=relation.interface,
        ends=(end, dataclasses.replace(local, application=name)),
        other_half=there,
    )
    return {
        model.name: with_relation(model, dataclasses.replace(relation, other_half=here)),
        source.name: with_relation(dataclasses.replace(source, next_relation=other.id + 1), other),
    }


@dataclass(frozen=True, kw_only=True)
class _Link:
    """The two halves of a relation in which units take part; ``source`` is the other half's model."""

    here: Relation
    mine: OtherHalf
    there: Relation
    theirs: OtherHalf
    source: Model

    def copied_name(self, owner: str) -> str:
        """Return the name here of the other application or of one of its units."""
        return self.mine.stand_in + owner.removeprefix(self.mine.application)

    def local_name(self, reader: str) -> str:
        """Return the name here of the stand-in there or of one of its units."""
        return self.theirs.application + reader.removeprefix(self.theirs.stand_in)


def _settle(models: Models, model: Model) -> Model:
    if not model.saas and not any(relation.other_half for relation in model.relations.values()):
        return model
    links, suspended = list[_Link](), set[int]()
    for relation in tuple(model.relations.values()):
        if relation.other_half is None:
            continue
        source = with_uuid(models, relation.other_half.uuid)
        there = source.relations.get(relation.other_half.relation) if source else None
        here = _with_state_of(relation, relation.other_half, there)
        if here.active and source and there and there.other_half:
            link = _Link(here=here, mine=relation.other_half, there=there, theirs=there.other_half, source=source)
            here = _with_databags(link)
            links.append(dataclasses.replace(link, here=here))
        elif here.life == "alive":
            suspended.add(here.id)
        model = with_relation(model, here)
    for link in links:
        model = _with_tracking(model, link)
    return advance(_with_secrets(_with_terminated(models, model), links, suspended))


def _with_state_of(relation: Relation, half: OtherHalf, there: Relation | None) -> Relation:
    if there is None or there.life == "dying":
        relation = dataclasses.replace(relation, life="dying")
    elif not half.offer:
        relation = dataclasses.replace(relation, suspended=there.suspended, message=there.message)
    if relation.active:
        return relation
    local = frozenset(name for name in relation.scope if application_of(name) != half.stand_in)
    return dataclasses.replace(relation, scope=local)


def _with_databags(link: _Link) -> Relation:
    remote = link.mine.application
    units = {
        link.copied_name(name): databag for name, databag in link.there.units.items() if application_of(name) == remote
    }
    applications = {
        link.copied_name(name): databag for name, databag in link.there.applications.items() if name == remote
    }
    local = {name for name in link.here.scope if application_of(name) != link.mine.stand_in}
    alive = {unit.name for unit in link.source.units if unit.life == "alive"}
    joined = {link.copied_name(name) for name in link.there.scope & alive if application_of(name) == remote}
    return dataclasses.replace(
        link.here,
        units={**link.here.units, **units},
        applications={**link.here.applications, **applications},
        scope=frozenset(local | joined),
    )


def _with_tracking(model: Model, link: _Link) -> Model:
    """Return the model whose secrets have the revisions that the other model's units read of their copies."""
    for secret in tuple(model.secrets.values()):
        copy = link.source.secrets.get(secret.id)
        if secret.owner_kind == "remote" or copy is None or link.here.id not in secret.grants.values():
            continue
        theirs = {
            link.copied_name(unit): tracking
            for unit, tracking in copy.tracking.items()
            if application_of(unit) == link.mine.application
        }
        own = {unit: each for unit, each in secret.tracking.items() if application_of(unit) != link.mine.stand_in}
        model = with_secret(model, dataclasses.replace(secret, tracking={**own, **theirs}))
    return model


def _with_secrets(model: Model, links: list[_Link], suspended: set[int]) -> Model:
    """Return the model with copies of the secrets that the others grant it."""
    alive = {link.here.id for link in links} | suspended
    copies = {key: _without_grants(secret, alive) for key, secret in model.secrets.items()}
    for link in links:
        for secret in link.source.secrets.values():
            readers = {
                link.local_name(reader): link.here.id
                for reader, number in secret.grants.items()
                if number == link.there.id
            }
            before = copies.get(secret.id)
            if secret.owner_kind == "remote" or not (readers or before):
                continue
            copies[secret.id] = dataclasses.replace(
                secret,
                owner_kind="remote",
                owner=link.source.uuid,
                label="",
                name="",
                grants={**(before.grants if before else {}), **readers},
                tracking=before.tracking if before else {},
            )
    gone = {
        key
        for key, secret in copies.items()
        for link in links
        if secret.owner_kind == "remote" and secret.owner == link.source.uuid and key not in link.source.secrets
    }
    return dataclasses.replace(model, secrets={key: each for key, each in copies.items() if key not in gone})


def _without_grants(secret: Secret, relations: set[int]) -> Secret:
    if secret.owner_kind != "remote":
        return secret
    grants = {reader: number for reader, number in secret.grants.items() if number not in relations}
    return dataclasses.replace(secret, grants=grants)


def _with_terminated(models: Models, model: Model) -> Model:
    saas = {
        name: dataclasses.replace(each, terminated=each.terminated or _offer_is_gone(models, each))
        for name, each in model.saas.items()
    }
    return dataclasses.replace(model, saas=saas)


def _offer_is_gone(models: Models, saas: Saas) -> bool:
    source = with_uuid(models, saas.uuid)
    return source is None or saas.offer not in source.offers
