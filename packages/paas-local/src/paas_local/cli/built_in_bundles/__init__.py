"""The bundles of Charmhub that are deployed by name, with the built-in charms in the place of Charmhub's."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from paas_local.cli import built_in_charms, output
from paas_local.juju import bundles

FOLDER = Path(__file__).parent
_CHARMHUB = "ch:"
Endpoints = Mapping[str, Mapping[str, str]]
"""The interface of each endpoint of each application."""


def find(name: str) -> Path | None:
    """Return the file of a built-in bundle, or None; a name may be a URL of Charmhub, as ``ch:cos-lite``."""
    if name.startswith(_CHARMHUB):
        name = name.removeprefix(_CHARMHUB).rpartition("/")[2]
    file = FOLDER / f"{name}.yaml"
    return file if "/" not in name and file.is_file() else None


def possible(bundle: bundles.Bundle) -> bundles.Bundle:
    """Return a bundle without what no built-in charm can do; print one line for each application left out."""
    endpoints: dict[str, Mapping[str, str]] = {}
    for name, application in bundle.applications.items():
        charm = built_in_charms.find(application.charm)
        if charm is None:
            output.say(f"{name} is left out: no built-in charm replaces {application.charm}")
        else:
            endpoints[name] = charm.endpoints
    return reduced(bundle, endpoints)


def reduced(bundle: bundles.Bundle, endpoints: Endpoints) -> bundles.Bundle:
    """Return a bundle with the applications that have endpoints, and the relations and offers of these endpoints."""

    def interface(end: str) -> str | None:
        application, _, endpoint = end.partition(":")
        return endpoints.get(application, {}).get(endpoint)

    return dataclasses.replace(
        bundle,
        applications={
            name: dataclasses.replace(each, offers=_offers(each.offers, endpoints[name]))
            for name, each in bundle.applications.items()
            if name in endpoints
        },
        relations=tuple(
            ends for ends in bundle.relations if interface(ends[0]) and interface(ends[0]) == interface(ends[1])
        ),
    )


def _offers(offers: Mapping[str, tuple[str, ...]], declared: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {name: each for name, each in offers.items() if set(each) <= declared.keys()}
