"""Logs, over the ``loki_push_api`` interface: Pebble itself sends the lines of the services to each unit of Loki.

A layer can add or replace a log target, and never take one away. So one that is to go is replaced by one that sends
nothing.
"""

import collections.abc
import typing

import pydantic

from paas_common.values import facts, settings, urls

from . import topology

PRODUCT: typing.Final = "Juju"
"""The label by which targets that a charm has set are known; others are the image's."""
GONE: typing.Final = {"override": "replace", "type": "loki", "location": "(removed)", "services": ["-all"]}
Entries = collections.abc.Mapping[str, collections.abc.Mapping[str, object]]


class _Push(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, defer_build=True)

    url: urls.Url


class _Unit(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(frozen=True, defer_build=True)

    endpoint: pydantic.Json[_Push]


def read(watchers: collections.abc.Iterable[facts.Watcher]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Give the address of each unit of Loki that has told one, and what is wrong with what others wrote."""
    found: dict[str, str] = {}
    problems: list[str] = []
    for watcher in watchers:
        for unit in sorted(watcher.units, key=facts.unit_number):
            if not watcher.units[unit].get("endpoint"):
                continue
            try:
                found[unit] = _Unit.model_validate(watcher.units[unit]).endpoint.url
            except pydantic.ValidationError as error:
                what = ", ".join(settings.problems(error))
                problems.append(f"invalid {watcher.endpoint} relation data from {unit}: {what}")
    return found, tuple(problems)


def entries(me: facts.Identity, addresses: facts.Text) -> dict[str, dict[str, object]]:
    """Give a log target for each address, named after the remote unit."""
    labels = {
        "product": PRODUCT,
        "charm": me.charm,
        "juju_model": me.model,
        "juju_model_uuid": me.model_uuid,
        "juju_application": me.app,
        "juju_unit": me.unit,
        "job": f"juju_{topology.identifier(me)}",
    }
    return {
        unit: {"override": "replace", "type": "loki", "location": url, "services": ["all"], "labels": labels}
        for unit, url in addresses.items()
    }


def changes(current: Entries, wanted: Entries) -> Entries:
    """Give the entries that have to be laid over those in Pebble's plan; none, where nothing differs."""
    ours = [name for name, entry in current.items() if _labels(entry).get("product") == PRODUCT]
    new = {name: entry for name, entry in wanted.items() if current.get(name) != entry}
    return {**new, **{name: GONE for name in sorted(ours) if name not in wanted}}


def _labels(entry: collections.abc.Mapping[str, object]) -> facts.Text:
    return typing.cast("facts.Text", entry.get("labels") or {})
