"""The commands about units."""

import time
from typing import Any

from paas_local.controller.handlers.registry import Controller, UnitRequest, command, query
from paas_local.juju import documents, hook_commit, operations
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import HookContext
from paas_local.juju.model import Model, named_unit


class Resolved(UnitRequest, frozen=True):
    """A unit whose failed hook is retried or, without ``retry``, counts as done."""

    retry: bool = True


class PebbleSocket(UnitRequest, frozen=True):
    """The container of a unit; its only or first one if left out."""

    container: str = ""


@query
async def pebble_socket(controller: Controller, request: PebbleSocket) -> dict[str, Any]:
    """Return the socket of a container's Pebble, and the program that runs as Pebble."""
    model = controller.model(request.model)
    unit = named_unit(model, request.unit)
    names = list(model.applications[unit.application].charm.containers)
    if not names:
        raise JujuError(f"{unit.name} has no workload container")
    if request.container and request.container not in names:
        raise JujuError(f'{unit.name} has no container "{request.container}"; it has: {", ".join(names)}')
    socket = controller.folders(request.model).pebble_socket(unit.name, request.container or names[0])
    return {"socket": str(socket), "pebble": controller.pebble}


@query
async def show_unit(controller: Controller, request: UnitRequest) -> dict[str, Any]:
    """Return a unit with its databags."""
    model = controller.model(request.model)
    return documents.unit_document(model, named_unit(model, request.unit))


@command
async def resolved(controller: Controller, request: Resolved) -> dict[str, Any]:
    """Retry a failed hook at once, or count it as done."""

    def change(model: Model) -> Model:
        model, event = operations.resolve(model, request.unit, time.time(), retry=request.retry)
        unit = named_unit(model, request.unit)
        if event is None:
            return model
        return hook_commit.commit(model, HookContext(unit=unit.name, event=event, snapshot=model), time.time())

    controller.change(request.model, change)
    return {}
