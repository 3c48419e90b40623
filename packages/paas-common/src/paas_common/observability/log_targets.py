"""Logs, over the ``loki_push_api`` interface: Pebble sends the services' lines to each unit of Loki.

A layer can add or replace a log target but not remove one. So an unused target is replaced by one that sends nothing.
"""

import collections.abc
import typing

import pydantic

from paas_common.values import settings, urls
from paas_common.values.facts import Identity, ObservabilityRelation, StrMap, unit_number
from paas_common.values.workload import LayerEntry

from . import topology

PRODUCT: typing.Final = "Juju"
"""Label of the targets that a charm has added; others are the image's."""
DISABLED: typing.Final = {"override": "replace", "type": "loki", "location": "(removed)", "services": ["-all"]}
Entries = collections.abc.Mapping[str, LayerEntry]


class _Push(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, defer_build=True)

    url: urls.Url


class _Unit(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, defer_build=True)

    endpoint: pydantic.Json[_Push]


def read(relations: collections.abc.Iterable[ObservabilityRelation]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the URL of each unit of Loki that has written one, and what is wrong with other units' data."""
    addresses: dict[str, str] = {}
    reasons: list[str] = []
    for relation in relations:
        for unit in sorted(relation.units, key=unit_number):
            if not relation.units[unit].get("endpoint"):
                continue
            try:
                addresses[unit] = _Unit.model_validate(relation.units[unit]).endpoint.url
            except pydantic.ValidationError as error:
                rules = ", ".join(settings.problems(error))
                reasons.append(f"Invalid {relation.endpoint} relation data from {unit}: {rules}")
    return addresses, tuple(reasons)


def entries(identity: Identity, addresses: StrMap) -> dict[str, LayerEntry]:
    """Return a log target for each address, named like the remote unit."""
    labels = {
        "product": PRODUCT,
        "charm": identity.charm,
        "juju_model": identity.model,
        "juju_model_uuid": identity.model_uuid,
        "juju_application": identity.app,
        "juju_unit": identity.unit,
        "job": f"juju_{topology.identifier(identity)}",
    }
    return {
        unit: {"override": "replace", "type": "loki", "location": url, "services": ["all"], "labels": labels}
        for unit, url in addresses.items()
    }


def changes(current: Entries, desired: Entries) -> Entries:
    """Return the entries that turn the targets of Pebble's plan into the desired ones; empty if nothing differs."""
    added = [name for name, entry in current.items() if _labels(entry).get("product") == PRODUCT]
    changed = {name: entry for name, entry in desired.items() if current.get(name) != entry}
    return {**changed, **{name: DISABLED for name in sorted(added) if name not in desired}}


def _labels(entry: LayerEntry) -> StrMap:
    return typing.cast("StrMap", entry.get("labels") or {})
