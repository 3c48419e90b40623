"""The commands about applications, their units and their options."""

import time
import uuid
from pathlib import Path
from typing import Any

import pydantic

from paas_local.build import charms
from paas_local.build.errors import ProjectError
from paas_local.controller import charm_metadata, live_update
from paas_local.controller.handlers.registry import ApplicationRequest, Controller, ModelRequest, command, query
from paas_local.juju import charm_config, documents, offers, operations, resources
from paas_local.juju.charm import Charm
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model, named_application


class Deploy(ApplicationRequest, frozen=True):
    """An application to add."""

    charm: Path
    resources: dict[str, str] = pydantic.Field(default_factory=dict[str, str])
    config: dict[str, str] = pydantic.Field(default_factory=dict[str, str])
    storage: dict[str, int] = pydantic.Field(default_factory=dict[str, int])
    units: int = pydantic.Field(default=1, ge=0)
    trust: bool = False


class Sync(ApplicationRequest, frozen=True):
    """Images whose files the running containers get."""

    resources: dict[str, str]


class CheckSync(ApplicationRequest, frozen=True):
    """The services that a sync has reloaded and restarted, and the time of the sync."""

    reloaded: tuple[str, ...]
    restarted: tuple[str, ...]
    since: float


class Refresh(ApplicationRequest, frozen=True):
    """The new charm, resources and options of an application; what is left out stays, trust too."""

    charm: Path | None = None
    resources: dict[str, str] = pydantic.Field(default_factory=dict[str, str])
    config: dict[str, str] = pydantic.Field(default_factory=dict[str, str])
    trust: bool = False


class Resources(ModelRequest, frozen=True):
    """An application or a unit whose resources to list."""

    target: str
    details: bool = False


class ConfigSet(ApplicationRequest, frozen=True):
    """Options to set and to reset."""

    values: dict[str, str] = pydantic.Field(default_factory=dict[str, str])
    reset: tuple[str, ...] = ()


class Units(ApplicationRequest, frozen=True):
    """A number of units to add or to remove."""

    units: int = pydantic.Field(default=1, ge=1)


class Trust(ApplicationRequest, frozen=True):
    """An application that is trusted, or no longer."""

    trust: bool = True


class Expose(ApplicationRequest, frozen=True):
    """An application that is exposed, or no longer."""

    exposed: bool = True


class Scale(ApplicationRequest, frozen=True):
    """The wanted number of an application's units."""

    units: int = pydantic.Field(ge=0)


class RemoveApplications(ModelRequest, frozen=True):
    """Applications to remove; with ``force``, without running their hooks."""

    applications: tuple[str, ...]
    force: bool = False


@command
async def deploy(controller: Controller, request: Deploy) -> dict[str, Any]:
    """Add an application."""
    deployment = operations.Request(
        charm=_charm(request.charm),
        application=request.application,
        resources=request.resources,
        config=request.config,
        storage=request.storage,
        trust=request.trust,
        provider_id=str(uuid.uuid4()),
    )
    addresses = controller.addresses(request.units)
    controller.change(request.model, lambda model: operations.deploy(model, deployment, addresses, time.time()))
    return {}


@command
async def refresh(controller: Controller, request: Refresh) -> dict[str, Any]:
    """Change the charm and the resources of an application, and replace its pods if they differ."""
    charm = _charm(request.charm) if request.charm else None
    before = controller.model(request.model)

    def change(model: Model) -> Model:
        model = operations.refresh(model, request.application, charm, request.resources, time.time())
        if request.trust:
            model = operations.set_trust(model, request.application, trust=True)
        return operations.configure(model, request.application, request.config)

    application = controller.change(request.model, change).applications[request.application]
    former = before.applications[request.application]
    changed = (application.charm, application.resources) != (former.charm, former.resources)
    if changed:
        await controller.replace_pods(request.model, request.application)
    return {"changed": changed, "revision": application.charm.revision}


@command
async def sync(controller: Controller, request: Sync) -> dict[str, Any]:
    """Copy the files of new images into the running containers; fail if they need new containers."""
    model = controller.model(request.model)
    folders = controller.folders(request.model)
    actions = live_update.ServiceActions()
    since = time.time()
    for unit, container, files in live_update.changed(model, request.application, request.resources):
        actions = await live_update.deliver(unit, folders.pebble_socket(unit, container), files)
    controller.change(
        request.model, lambda model: operations.with_images(model, request.application, request.resources, since)
    )
    return {"reloaded": actions.reload, "restarted": actions.restart, "since": since}


@command
async def check_sync(controller: Controller, request: CheckSync) -> dict[str, Any]:
    """Return the reason why a service ended after a sync, or an empty string."""
    actions = live_update.ServiceActions(reload=request.reloaded, restart=request.restarted)
    folders = controller.folders(request.model)
    for unit, container in live_update.containers(controller.model(request.model), request.application):
        if failure := await live_update.failure(unit, folders.pebble_socket(unit, container), actions, request.since):
            return {"failure": failure}
    return {"failure": ""}


@query
async def config_get(controller: Controller, request: ApplicationRequest) -> dict[str, Any]:
    """Return the options of an application."""
    return charm_config.document(named_application(controller.model(request.model), request.application))


@command
async def config_set(controller: Controller, request: ConfigSet) -> dict[str, Any]:
    """Set and reset options of an application."""
    controller.change(
        request.model, lambda model: operations.configure(model, request.application, request.values, request.reset)
    )
    return {}


@query
async def show_application(controller: Controller, request: ApplicationRequest) -> dict[str, Any]:
    """Return an application's description."""
    return documents.application_document(named_application(controller.model(request.model), request.application))


@query
async def resources_(controller: Controller, request: Resources) -> Any:
    """Return the resources of an application or a unit."""
    return resources.document(controller.model(request.model), request.target, details=request.details)


@command
async def trust(controller: Controller, request: Trust) -> dict[str, Any]:
    """Trust an application, or no longer."""
    controller.change(
        request.model, lambda model: operations.set_trust(model, request.application, trust=request.trust)
    )
    return {}


@command
async def expose(controller: Controller, request: Expose) -> dict[str, Any]:
    """Expose an application, or no longer."""
    controller.change(
        request.model, lambda model: operations.set_exposed(model, request.application, exposed=request.exposed)
    )
    return {}


@command
async def scale_application(controller: Controller, request: Scale) -> dict[str, Any]:
    """Add or remove units until an application has the wanted number."""
    name = request.application
    missing = request.units - named_application(controller.model(request.model), name).scale
    addresses = controller.addresses(max(missing, 0))
    if missing > 0:
        controller.change(request.model, lambda model: operations.add_units(model, name, addresses, time.time()))
    elif missing < 0:
        controller.change(request.model, lambda model: operations.remove_units(model, name, -missing))
    return {}


@command
async def add_unit(controller: Controller, request: Units) -> dict[str, Any]:
    """Add units to an application."""
    addresses = controller.addresses(request.units)
    controller.change(
        request.model, lambda model: operations.add_units(model, request.application, addresses, time.time())
    )
    return {}


@command
async def remove_unit(controller: Controller, request: Units) -> dict[str, Any]:
    """Remove the units with the highest numbers from an application."""
    controller.change(request.model, lambda model: operations.remove_units(model, request.application, request.units))
    return {}


@command
async def remove_application(controller: Controller, request: RemoveApplications) -> dict[str, Any]:
    """Remove applications; the answer does not wait until they are gone."""

    def change(model: Model) -> Model:
        if not request.force:
            offers.check_unused(model, request.applications)
        return operations.remove_applications(model, request.applications)

    controller.change(request.model, change)
    if request.force:
        await controller.remove_units_by_force(request.model, request.applications)
    return {}


def _charm(folder: Path) -> Charm:
    try:
        return charm_metadata.declared(charms.read(folder))
    except ProjectError as error:
        raise JujuError(str(error)) from None
