"""The registry of the controller's commands; a decorated function is the command of its name.

``async def add_model(controller, request: AddModel)`` is ``POST /v1/add-model`` with an ``AddModel`` as JSON. A
trailing underscore of the function is left out (``exec_``). The handler returns the result, an ``Answer`` if more goes
with the result, or an async iterator whose items are streamed as lines. A ``stream`` also reads what the client sends
after the request's line.
"""

import asyncio
import dataclasses
import typing
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol, TypeVar

import pydantic
from aiohttp import StreamReader

from paas_local.controller.pod import Pod
from paas_local.controller.pod_spec import Folders
from paas_local.controller.storage import State
from paas_local.juju.cross_model import Models
from paas_local.juju.model import Model


class Controller(Protocol):
    """The controller, as the handlers use it."""

    state: State
    changed: asyncio.Event
    logged: asyncio.Event
    stop: asyncio.Event
    pebble: str

    @property
    def names(self) -> list[str]:
        """Return the names of the models."""
        ...

    @property
    def models(self) -> Models:
        """Return all models."""
        ...

    def model(self, name: str) -> Model:
        """Return a model as it is now."""
        ...

    def change(self, name: str, change: Callable[[Model], Model]) -> Model:
        """Change a model."""
        ...

    def change_models(self, change: Callable[[Models], Models]) -> None:
        """Change several models at once."""
        ...

    def add(self, name: str, config: Mapping[str, str]) -> Model:
        """Add a model with these options."""
        ...

    async def destroy(self, name: str, *, force: bool) -> None:
        """Destroy a model."""
        ...

    async def remove_units_by_force(self, name: str, applications: Collection[str]) -> None:
        """Remove the units of applications without running their hooks."""
        ...

    def addresses(self, count: int) -> list[str]:
        """Return free addresses."""
        ...

    def urls(self, name: str) -> dict[str, dict[str, str]]:
        """Return the URLs of a model's applications on this machine, by their ports."""
        ...

    def unreachable(self, name: str) -> dict[str, str]:
        """Return the reasons why applications with a port have no URL."""
        ...

    def folders(self, name: str) -> Folders:
        """Return the folders of a model."""
        ...

    def pod(self, name: str, unit: str) -> Pod:
        """Return a unit's running pod."""
        ...

    async def replace_pods(self, name: str, application: str) -> None:
        """Replace the pods of an application's units."""
        ...


class Request(pydantic.BaseModel, frozen=True):
    """A request without fields."""


class ModelRequest(Request, frozen=True):
    """A request about a model."""

    model: str


class ApplicationRequest(ModelRequest, frozen=True):
    """A request about an application."""

    application: str


class UnitRequest(ModelRequest, frozen=True):
    """A request about a unit."""

    unit: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Answer:
    """A result in Juju's shape, and what paas-local adds to it."""

    result: Any
    added: Mapping[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Handler:
    """The function of one command, the model of its request, and whether it changes nothing.

    The function of a stream has the rest of the client's bytes as its third argument.
    """

    request: type[Request]
    run: Callable[..., Awaitable[Any]]
    read_only: bool
    reads_input: bool = False


R = TypeVar("R", bound=Request)
T = TypeVar("T")
Function = Callable[[Controller, R], Awaitable[T]]
InputFunction = Callable[[Controller, R, StreamReader], Awaitable[T]]

HANDLERS: dict[str, Handler] = {}


def command(function: Function[R, T]) -> Function[R, T]:
    """Register a handler that changes something."""
    return _register(function, read_only=False)


def query(function: Function[R, T]) -> Function[R, T]:
    """Register a handler that changes nothing: clients may repeat the request."""
    return _register(function, read_only=True)


def stream(function: InputFunction[R, T]) -> InputFunction[R, T]:
    """Register a handler that also reads the client's bytes."""
    HANDLERS[_name(function)] = Handler(request=_request(function), run=function, read_only=False, reads_input=True)
    return function


def _register(function: Function[R, T], *, read_only: bool) -> Function[R, T]:
    HANDLERS[_name(function)] = Handler(request=_request(function), run=function, read_only=read_only)
    return function


def _name(function: Callable[..., Any]) -> str:
    return function.__name__.rstrip("_").replace("_", "-")


def _request(function: Callable[..., Any]) -> type[Request]:
    return typing.get_type_hints(function)["request"]
