"""The commands about relations."""

from typing import Any

from paas_local.controller.handlers.registry import Controller, ModelRequest, command
from paas_local.juju import cross_model, offers, operations
from paas_local.juju.errors import JujuError


class RelationEnds(ModelRequest, frozen=True):
    """The two ends of a relation."""

    endpoints: tuple[str, ...]


class Suspend(ModelRequest, frozen=True):
    """The ids of relations to suspend or to resume, and the reason."""

    relations: tuple[int, ...]
    message: str = ""


@command
async def integrate(controller: Controller, request: RelationEnds) -> dict[str, Any]:
    """Relate two applications, of which one may be of another model."""
    if len(request.endpoints) != 2:  # noqa: PLR2004  # a relation has two ends
        raise JujuError("an integration must involve two applications", code=2)
    first, second = request.endpoints
    name = controller.model(request.model).name
    controller.change_models(lambda models: cross_model.integrate(models, name, first, second))
    return {}


@command
async def suspend_relation(controller: Controller, request: Suspend) -> dict[str, Any]:
    """Suspend relations to offers of the model."""
    controller.change(request.model, lambda model: offers.suspend(model, request.relations, request.message))
    return {}


@command
async def resume_relation(controller: Controller, request: Suspend) -> dict[str, Any]:
    """Resume suspended relations to offers of the model."""
    controller.change(request.model, lambda model: offers.resume(model, request.relations))
    return {}


@command
async def remove_relation(controller: Controller, request: RelationEnds) -> dict[str, Any]:
    """Remove a relation."""
    controller.change(request.model, lambda model: operations.remove_relation(model, request.endpoints))
    return {}
