"""The commands about models."""

import dataclasses
import time
from typing import Any

import pydantic

from paas_local.controller.handlers.registry import Answer, Controller, ModelRequest, Request, command, query
from paas_local.juju import bundles, constraints, documents, offer_documents, operations, status_document


class ModelConfig(ModelRequest, frozen=True):
    """Model options to set and to reset."""

    values: dict[str, str] = pydantic.Field(default_factory=dict[str, str])
    reset: tuple[str, ...] = ()


class AddModel(ModelRequest, frozen=True):
    """A new model and its options."""

    values: dict[str, str] = pydantic.Field(default_factory=dict[str, str])


class Constraints(ModelRequest, frozen=True):
    """The constraints of a model, in place of the present ones."""

    values: dict[str, str]


class Destroy(ModelRequest, frozen=True):
    """A model to destroy; with ``force``, without running the hooks of its units."""

    force: bool = False


class ExportBundle(ModelRequest, frozen=True):
    """A model to show as a bundle, with or without the options that have their defaults."""

    defaults: bool = False


@query
async def models(controller: Controller, request: Request) -> dict[str, Any]:
    """Return the names of the models."""
    del request
    return {"models": controller.names}


@command
async def add_model(controller: Controller, request: AddModel) -> dict[str, Any]:
    """Add a model, unless an option is invalid; return the names of the options that models have."""
    model = controller.add(request.model, request.values)
    return {"uuid": model.uuid, "options": operations.MODEL_OPTIONS}


@command
async def destroy_model(controller: Controller, request: Destroy) -> dict[str, Any]:
    """Destroy a model, and return once it is gone."""
    await controller.destroy(request.model, force=request.force)
    return {}


@command
async def model_config(controller: Controller, request: ModelConfig) -> dict[str, Any]:
    """Set and reset model options, and return all of them."""
    values = {key: operations.MODEL_DEFAULTS.get(key, "") for key in request.reset} | request.values
    if values:
        controller.change(request.model, lambda model: operations.configure_model(model, values))
    return documents.model_config(controller.model(request.model))


@query
async def show_model(controller: Controller, request: ModelRequest) -> dict[str, Any]:
    """Return a model's description."""
    return documents.model_document(controller.model(request.model))


@query
async def model_constraints(controller: Controller, request: ModelRequest) -> dict[str, Any]:
    """Return the constraints of a model."""
    return dict(controller.model(request.model).constraints)


@command
async def set_model_constraints(controller: Controller, request: Constraints) -> dict[str, Any]:
    """Set the constraints of a model."""
    values = constraints.parse(request.values)
    controller.change(request.model, lambda model: dataclasses.replace(model, constraints=values))
    return {}


@query
async def export_bundle(controller: Controller, request: ExportBundle) -> dict[str, Any]:
    """Return the applications and relations of a model as a bundle."""
    return bundles.of_model(controller.model(request.model), defaults=request.defaults)


@query
async def status(controller: Controller, request: ModelRequest) -> Answer:
    """Return a model's status document, its relations, and the URLs of its applications on this machine."""
    model = controller.model(request.model)
    return Answer(
        result=status_document.document(model, time.time()) | offer_documents.status_parts(controller.models, model),
        added={
            "published": controller.urls(request.model),
            "unreachable": controller.unreachable(request.model),
            "integrations": list(documents.integrations(model)),
        },
    )
