"""The charm libraries' requirer objects, for related endpoints only.

Besides the integrations, which are loaded by their interfaces, only this imports while it runs: the libraries are
large, live in the charm's ``lib/`` and not in our wheels, and cost every event that needs none of them.
"""

import collections.abc
import dataclasses
import importlib
import json
import logging
import os
import typing

import ops

from paas_common import integrations

logger = logging.getLogger(__name__)

DATA_INTERFACES: typing.Final = "charms.data_platform_libs.v0.data_interfaces"
S3: typing.Final = "charms.data_platform_libs.v0.s3"
Interfaces = collections.abc.Mapping[str, integrations.Integration[typing.Any]]
ASKS_ONCE: typing.Final = (DATA_INTERFACES,)
"""Libraries that send their request in relation-created only."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Requirers:
    """What could be set up, and what the charm lacks."""

    objects: tuple[ops.Object, ...] = ()
    """The requirer objects; ``ops`` does not keep an observer alive."""
    events: tuple[ops.BoundEvent, ...] = ()
    """The libraries' own events that mean something for the application."""
    missing: collections.abc.Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    """Endpoint → the library that the charm does not carry."""
    ingresses: collections.abc.Mapping[str, typing.Any] = dataclasses.field(default_factory=dict[str, typing.Any])
    """Endpoint → the requirer object, which publishes the port."""


def set_up(charm: ops.CharmBase, interfaces: Interfaces) -> Requirers:
    """Create the requirer of each related endpoint; it sends the request and emits its events from then on."""
    objects: list[ops.Object] = []
    events: list[ops.BoundEvent] = []
    missing: dict[str, str] = {}
    ingresses: dict[str, typing.Any] = {}
    for name, meta in charm.meta.requires.items():
        known = interfaces.get(meta.interface_name or "")
        if known is None or known.library is None:
            continue
        # ops no longer lists a relation in its last hook, where the library still has to clear what it keeps.
        if not (charm.model.relations[name] or os.environ.get("JUJU_RELATION") == name):
            continue
        try:
            library = importlib.import_module(known.library)
        except ModuleNotFoundError as error:
            missing[name] = error.name or known.library
            continue
        if known.library == DATA_INTERFACES:
            requirer = _database(library)(charm, relation_name=name, database_name=charm.app.name)
            events += [requirer.on.database_created, requirer.on.endpoints_changed]
        elif known.library == S3:
            requirer = library.S3Requirer(charm, name, bucket_name=charm.app.name)
            events += [requirer.on.credentials_changed, requirer.on.credentials_gone]
        else:
            ingresses[name] = requirer = library.IngressPerAppRequirer(charm, relation_name=name, strip_prefix=True)
            events += [requirer.on.ready, requirer.on.revoked]
        objects.append(requirer)
    return Requirers(objects=tuple(objects), events=tuple(events), missing=missing, ingresses=ingresses)


def _database(library: typing.Any) -> typing.Any:
    """Give the library's requirer; what it cannot read, and would raise for, our own reading tells in the status."""

    class Requirer(library.DatabaseRequires):
        def _on_relation_changed_event(self, event: ops.RelationChangedEvent) -> None:
            if _is_object(event.relation.data[event.app].get("data", "{}")):
                super()._on_relation_changed_event(event)  # pyright: ignore[reportUnknownMemberType]  untyped

        def _register_secret_to_relation(self, *which: object) -> None:
            try:
                super()._register_secret_to_relation(*which)  # pyright: ignore[reportUnknownMemberType]  untyped
            except ops.ModelError as error:
                logger.info("a secret of the database cannot be read yet: %s", error)

    return Requirer


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def publish(requirers: Requirers, port: int) -> None:
    """Tell each ingress where the application listens; the library writes only what differs."""
    for requirer in requirers.ingresses.values():
        requirer.provide_ingress_requirements(port=port)
