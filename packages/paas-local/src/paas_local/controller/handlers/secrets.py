"""The commands about secrets."""

import time
from typing import Any

import pydantic

from paas_local.controller.handlers.registry import Controller, ModelRequest, command, query
from paas_local.controller.secret_ids import fresh_id
from paas_local.juju import secrets
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import SecretChange
from paas_local.juju.model import Revision, Secret


class AddSecret(ModelRequest, frozen=True):
    """A user secret to add."""

    name: str
    content: dict[str, str] = pydantic.Field(repr=False)
    info: str | None = None


class SecretRequest(ModelRequest, frozen=True):
    """A request about a secret, named by its id or its name."""

    secret: str


class UpdateSecret(SecretRequest, frozen=True):
    """The changes of a user secret."""

    content: dict[str, str] | None = pydantic.Field(default=None, repr=False)
    info: str | None = None
    name: str | None = None
    auto_prune: bool | None = None


class GrantSecret(SecretRequest, frozen=True):
    """The applications that may, or may no longer, read a user secret."""

    applications: tuple[str, ...]


class RemoveSecret(SecretRequest, frozen=True):
    """A secret to remove, or one revision of it."""

    revision: int | None = None


class ShowSecret(SecretRequest, frozen=True):
    """A secret to show, with or without its content and its revisions."""

    reveal: bool = False
    revisions: bool = False
    revision: int | None = None


@command
async def add_secret(controller: Controller, request: AddSecret) -> str:
    """Add a user secret, and return its URI."""
    now = time.time()
    secret = Secret(
        id=fresh_id(),
        owner_kind="model",
        owner=controller.model(request.model).uuid,
        revisions=(Revision(number=1, content=request.content, created=now),),
        name=request.name,
        description=request.info or "",
        created=now,
        updated=now,
    )
    controller.change(request.model, lambda model: secrets.add(model, secret))
    return f"secret:{secret.id}"


@command
async def update_secret(controller: Controller, request: UpdateSecret) -> dict[str, Any]:
    """Change a user secret."""
    change = SecretChange(content=request.content, description=request.info)
    controller.change(
        request.model,
        lambda model: secrets.update(
            model, request.secret, change, time.time(), name=request.name, auto_prune=request.auto_prune
        ),
    )
    return {}


@command
async def grant_secret(controller: Controller, request: GrantSecret) -> dict[str, Any]:
    """Grant applications a user secret."""
    controller.change(request.model, lambda model: secrets.grant(model, request.secret, request.applications))
    return {}


@command
async def revoke_secret(controller: Controller, request: GrantSecret) -> dict[str, Any]:
    """Revoke the grants of a user secret."""
    controller.change(
        request.model, lambda model: secrets.grant(model, request.secret, request.applications, revoke=True)
    )
    return {}


@command
async def remove_secret(controller: Controller, request: RemoveSecret) -> dict[str, Any]:
    """Remove a user secret, or one revision of it."""
    controller.change(request.model, lambda model: secrets.remove(model, request.secret, request.revision))
    return {}


@query
async def secrets_(controller: Controller, request: ModelRequest) -> dict[str, Any]:
    """Return all secrets of a model without their content."""
    return secrets.list_document(controller.model(request.model))


@query
async def show_secret(controller: Controller, request: ShowSecret) -> dict[str, Any]:
    """Return one secret."""
    if request.reveal and request.revisions:
        raise JujuError("specify either --revisions or --reveal but not both")
    model = controller.model(request.model)
    secret = secrets.find(model, request.secret)
    return secrets.show_document(
        model, secret, reveal=request.reveal, revisions=request.revisions, revision=request.revision
    )
