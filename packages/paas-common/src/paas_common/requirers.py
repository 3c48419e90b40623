"""The charm libraries' requirer objects, for related endpoints only.

This is the one module that imports while it runs: the libraries are large, live in the charm's ``lib/`` and not in our
wheels, and cost every event that needs none of them.
"""

import collections.abc
import dataclasses
import importlib

import ops

from . import integrations


@dataclasses.dataclass(frozen=True, kw_only=True)
class Requirers:
    """What could be set up, and what the charm lacks."""

    events: tuple[ops.BoundEvent, ...] = ()
    """The libraries' own events that mean something for the application."""
    missing: collections.abc.Mapping[str, str] = dataclasses.field(default_factory=dict[str, str])
    """Endpoint → the library that the charm does not carry."""


def set_up(charm: ops.CharmBase) -> Requirers:
    """Create the requirer of each related endpoint; it sends the request and emits its events from then on."""
    events: list[ops.BoundEvent] = []
    missing: dict[str, str] = {}
    for name, meta in charm.meta.requires.items():
        known = integrations.BY_INTERFACE.get(meta.interface_name or "")
        if known is None or known.library is None or not charm.model.relations[name]:
            continue
        try:
            library = importlib.import_module(known.library)
        except ModuleNotFoundError as error:
            missing[name] = error.name or known.library
            continue
        # data_interfaces is the only library so far; its databases are named after the application.
        requirer = library.DatabaseRequires(charm, relation_name=name, database_name=charm.app.name)
        events += [requirer.on.database_created, requirer.on.endpoints_changed]
    return Requirers(events=tuple(events), missing=missing)
