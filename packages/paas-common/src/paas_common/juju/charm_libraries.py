"""Requirer objects of charm libraries, created for related endpoints only.

The libraries are large and live in the charm's ``lib/``, so each is imported when an endpoint that needs it is related.
"""

import collections.abc
import dataclasses
import functools
import importlib
import json
import logging
import os
import socket
import sys
import typing

import ops

from paas_common.integrations import CharmLibrary, Integrations
from paas_common.planning import guard
from paas_common.values.facts import StrMap
from paas_common.values.status import Blocked

logger = logging.getLogger(__name__)
_HANDLERS: typing.Final = ("_on_", "_handle_")
"""Prefixes of the names of event handlers in libraries."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Requirers:
    """The requirers that could be created, and the libraries that the charm lacks."""

    objects: collections.abc.Mapping[str, ops.Object] = dataclasses.field(default_factory=dict[str, ops.Object])
    """Endpoint → requirer; ``ops`` does not keep an observer alive."""
    events: tuple[ops.BoundEvent, ...] = ()
    """The libraries' own events that can change the application."""
    missing: collections.abc.Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    """Endpoint → module that the charm lacks."""
    problems: tuple[Blocked, ...] = ()
    """Reasons why other requirers could not be created."""

    def __or__(self, other: "Requirers") -> "Requirers":
        """Return both."""
        return Requirers(
            objects={**self.objects, **other.objects},
            events=self.events + other.events,
            missing={**self.missing, **other.missing},
            problems=self.problems + other.problems,
        )


def create(charm: ops.CharmBase, known: Integrations, endpoints: collections.abc.Iterable[str]) -> Requirers:
    """Create the requirer of each of the endpoints that is related; it writes the request and emits its events.

    A library that raises, already when it is imported, does not end the hook.
    """
    requirers = Requirers()
    for endpoint, library in _related(charm, known, endpoints):
        name = f"{library.requirer} of {library.module} for {endpoint}"
        created = guard.run(name, (), functools.partial(_create, charm, endpoint, library))
        if isinstance(created, guard.Failure):
            logger.error(created.traceback)
            created = Requirers(problems=(Blocked(created.reason),))
        requirers |= created
    return requirers


def _create(charm: ops.CharmBase, endpoint: str, library: CharmLibrary) -> Requirers:
    try:
        module = importlib.import_module(library.module)
    except ModuleNotFoundError as error:
        return Requirers(missing={endpoint: error.name or library.module})
    requirer_type = _guarded(getattr(module, library.requirer))
    requirer: typing.Any = requirer_type(charm, **library.arguments(endpoint, charm.app.name))
    return Requirers(objects={endpoint: requirer}, events=tuple(getattr(requirer.on, name) for name in library.events))


def _related(
    charm: ops.CharmBase, known: Integrations, endpoints: collections.abc.Iterable[str]
) -> collections.abc.Iterator[tuple[str, CharmLibrary]]:
    for endpoint in endpoints:
        integration = known.get(charm.meta.requires[endpoint].interface_name or "")
        if integration is None or integration.library is None:
            continue
        # ops does not list a relation in its last hook, in which the library must still clear its state.
        if charm.model.relations[endpoint] or os.environ.get("JUJU_RELATION") == endpoint:
            yield endpoint, integration.library


def _guarded(requirer_type: typing.Any) -> typing.Any:
    """Return a subclass whose event handlers never end the hook.

    A library may raise for data that the remote side wrote, for example data_interfaces (LIBPATCH 57) for a ``data``
    field that is not an object. Juju would run the failed hook again and again; the endpoint's own parser reports
    such data in the status.
    """
    members = {name: getattr(requirer_type, name) for name in dir(requirer_type) if name.startswith(_HANDLERS)}
    handlers = {name: _guard(member) for name, member in members.items() if callable(member)}
    return type(requirer_type.__name__, (requirer_type,), handlers)


def _guard(handler: collections.abc.Callable[..., object]) -> collections.abc.Callable[..., object]:
    @functools.wraps(handler)
    def guarded(*arguments: object, **keywords: object) -> object:
        try:
            return handler(*arguments, **keywords)
        except Exception as error:  # noqa: BLE001  a library may raise anything; its message may show a secret
            logger.warning("%s.%s raised %s", handler.__module__, handler.__qualname__, type(error).__name__)
            return None

    return guarded


def publish_port(
    charm: ops.CharmBase, requirers: Requirers, known: Integrations, port: int, open_ports: collections.abc.Set[int]
) -> tuple[Blocked, ...]:
    """Write the port for each ingress, and return why a library refuses it.

    A library deletes and writes all its keys at every call (ingress v2, LIBPATCH 21), so it is called for changes only.
    """
    problems: list[Blocked] = []
    for endpoint, requirer in requirers.objects.items():
        library = known[charm.meta.requires[endpoint].interface_name or ""].library
        if library is None or library.publish_port is None:
            continue
        patch = getattr(sys.modules[library.module], "LIBPATCH", 0)
        written = functools.partial(library.publish_port.databag, port, patch)
        if _is_published(charm, endpoint, port, written, open_ports):
            continue
        publish = functools.partial(getattr(requirer, library.publish_port.method), port=port)
        failure = guard.run(f"publishing port {port} to {endpoint} by {library.module}", (), publish)
        if isinstance(failure, guard.Failure):
            logger.error(failure.traceback)
            problems.append(Blocked(failure.reason))
    return tuple(problems)


def _is_published(
    charm: ops.CharmBase,
    endpoint: str,
    port: int,
    written: collections.abc.Callable[[bool], StrMap],
    open_ports: collections.abc.Set[int],
) -> bool:
    """Return whether our databags already have the port and this unit's address."""
    for relation in charm.model.relations[endpoint]:
        # ops lists a broken relation in its own last hook, but as inactive.
        if not relation.active:
            continue
        binding = charm.model.get_binding(relation)
        address = binding.network.bind_address if binding else None
        expected = [(relation.data[charm.unit], {"host": json.dumps(socket.getfqdn()), "ip": json.dumps(str(address))})]
        if charm.unit.is_leader():
            is_open = port in (open_ports or {each.port for each in charm.unit.opened_ports()})
            expected += [(relation.data[charm.app], written(is_open))]
        if any(databag.get(key, "") != value for databag, values in expected for key, value in values.items()):
            return False
    return True
