"""The commands about offers, and about those of other models that a model consumes."""

from typing import Any

import pydantic

from paas_local.controller.handlers.registry import Controller, ModelRequest, Request, command, query
from paas_local.juju import cross_model, offer_documents, offer_urls, offers
from paas_local.juju.errors import JujuError
from paas_local.juju.names import OWNER
from paas_local.juju.offer import Offer


class AddOffer(ModelRequest, frozen=True):
    """The endpoints of an application to offer."""

    application: str
    endpoints: tuple[str, ...] = pydantic.Field(min_length=1)
    name: str


class OfferRequest(Request, frozen=True):
    """A request about an offer by its URL, or by its name in ``model``."""

    offer: str
    model: str = ""


class RemoveOffers(Request, frozen=True):
    """Offers to remove; with ``force``, also the relations to them."""

    offers: tuple[str, ...]
    model: str = ""
    force: bool = False


class Find(Request, frozen=True):
    """The search for offers: in one model, by a part of the name, and by an interface; empty ones match all."""

    model: str = ""
    name: str = ""
    interface: str = ""


class Consume(ModelRequest, frozen=True):
    """The offer of a URL and the name that it gets; without one, its own."""

    offer: str
    alias: str = ""


class RemoveSaas(ModelRequest, frozen=True):
    """Consumed offers to remove."""

    names: tuple[str, ...]


@command
async def offer(controller: Controller, request: AddOffer) -> dict[str, Any]:
    """Offer endpoints of an application, and return the offer's URL."""
    added = Offer(name=request.name, application=request.application, endpoints=request.endpoints)
    model = controller.change(request.model, lambda model: offers.add(model, added))
    return {"url": str(offer_urls.OfferUrl(model=model.name, name=request.name))}


@query
async def offers_(controller: Controller, request: ModelRequest) -> dict[str, Any]:
    """Return the offers of a model with their connections."""
    return offer_documents.list_document(controller.model(request.model))


@query
async def find_offers(controller: Controller, request: Find) -> dict[str, Any]:
    """Return the offers of all models, or of one."""
    models = controller.models
    if request.model and request.model not in models:
        raise JujuError(f'model "{OWNER}/{request.model}" not found')
    return offer_documents.found_document(
        {request.model: models[request.model]} if request.model else models, request.name, request.interface
    )


@query
async def show_offer(controller: Controller, request: OfferRequest) -> dict[str, Any]:
    """Return an offer."""
    url = offer_urls.parse(request.offer, request.model)
    cross_model.named_offer(controller.models, url)
    return offer_documents.show_document(controller.model(url.model), url.name)


@command
async def remove_offer(controller: Controller, request: RemoveOffers) -> dict[str, Any]:
    """Remove offers; nothing changes if one of them cannot be removed."""
    urls = [offer_urls.parse(text, request.model) for text in request.offers]

    def change(models: cross_model.Models) -> cross_model.Models:
        models = dict(models)
        for url in urls:
            cross_model.named_offer(models, url)
            models[url.model] = offers.remove(models[url.model], url.name, force=request.force)
        return models

    controller.change_models(change)
    return {}


@command
async def consume(controller: Controller, request: Consume) -> dict[str, Any]:
    """Add an offer of another model to a model, and return its name there."""
    name = controller.model(request.model).name
    controller.change_models(lambda models: cross_model.consume(models, name, request.offer, request.alias))
    url = offer_urls.parse(request.offer)
    return {"url": str(url), "name": request.alias or url.name}


@command
async def remove_saas(controller: Controller, request: RemoveSaas) -> dict[str, Any]:
    """Remove consumed offers and the relations to them."""
    controller.change(request.model, lambda model: offers.remove_saas(model, request.names))
    return {}
