"""The commands about relations."""

from typing import Any

from paas_local.controller.handlers.registry import Controller, ModelRequest, command
from paas_local.juju import operations
from paas_local.juju.errors import JujuError


class RelationEnds(ModelRequest, frozen=True):
    """The two ends of a relation."""

    endpoints: tuple[str, ...]


@command
async def integrate(controller: Controller, request: RelationEnds) -> dict[str, Any]:
    """Relate two applications."""
    if len(request.endpoints) != 2:  # noqa: PLR2004  # a relation has two ends
        raise JujuError("an integration must involve two applications", code=2)
    first, second = request.endpoints
    controller.change(request.model, lambda model: operations.integrate(model, first, second))
    return {}


@command
async def remove_relation(controller: Controller, request: RelationEnds) -> dict[str, Any]:
    """Remove a relation."""
    controller.change(request.model, lambda model: operations.remove_relation(model, request.endpoints))
    return {}
