"""Bundles: the applications and relations that a file asks for, and those of a model."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from paas_local.juju.errors import JujuError
from paas_local.juju.model import Application, Model
from paas_local.juju.names import APPLICATION_NAME, OWNER

IGNORED = frozenset({"annotations", "base", "bindings", "channel", "constraints", "plan", "revision", "series", "to"})
"""Keys of an application that have no effect on one machine."""
_APPLICATION = frozenset(
    {"charm", "expose", "num_units", "offers", "options", "resources", "scale", "storage", "trust"}
)
_DESCRIPTIVE = frozenset(
    {"default-base", "description", "docs", "issues", "name", "series", "source", "tags", "website"}
)
_BUNDLE = frozenset({"applications", "bundle", "relations", "saas"})
_TYPE = "kubernetes"

RelationEnds: TypeAlias = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class BundleApplication:
    """One application; ``charm`` is the path of a charm or the name of a built-in one, ``storage`` has directives."""

    name: str
    charm: str
    scale: int = 1
    options: Mapping[str, str] = field(default_factory=dict[str, str])
    resources: Mapping[str, str] = field(default_factory=dict[str, str])
    storage: Mapping[str, str] = field(default_factory=dict[str, str])
    trust: bool = False
    expose: bool = False
    offers: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    """The endpoints of each offer."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """The applications by name, and the relations with their two ends.

    ``saas`` has the URLs of other models' offers by their names here; ``ignored`` are keys without effect here.
    """

    applications: Mapping[str, BundleApplication]
    saas: Mapping[str, str] = field(default_factory=dict[str, str])
    relations: tuple[RelationEnds, ...] = ()
    ignored: frozenset[str] = frozenset()


def application_of(end: str) -> str:
    """Return the application of a relation's end, as ``web`` of ``web:db``."""
    return end.partition(":")[0]


def merged(base: Mapping[str, Any], overlay: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bundle's document with an overlay: it adds relations and changes keys; one without keys is removed."""
    applications = dict(_mapping(base, "applications"))
    for name, changed in _mapping(overlay, "applications").items():
        if changed is None:
            applications.pop(name, None)
        else:
            applications[name] = _with_keys(applications.get(name) or {}, changed)
    relations = [*_relations(base), *_relations(overlay)]
    removed = _mapping(base, "applications").keys() - applications.keys()
    kept = [ends for ends in relations if removed.isdisjoint(map(application_of, ends))]
    return {**base, **overlay, "applications": applications, "relations": [list(ends) for ends in kept]}


def parse(document: Mapping[str, Any]) -> Bundle:
    """Return the bundle of a document; raise JujuError for what it must not contain, with its key."""
    for key in document:
        if key not in _BUNDLE | _DESCRIPTIVE:
            raise JujuError(f"bundle: {key}: {_REFUSED.get(key, 'unknown key')}")
    if document.get("bundle", _TYPE) != _TYPE:
        raise JujuError(f"bundle: bundle: must be {_TYPE}; found {document['bundle']}")
    entries = _mapping(document, "applications")
    if not entries:
        raise JujuError("bundle: applications: at least one application must be specified")
    applications = {name: _application(name, entry) for name, entry in sorted(entries.items())}
    saas = {name: _saas_url(name, entry) for name, entry in sorted(_mapping(document, "saas").items())}
    relations = tuple(dict.fromkeys(_relations(document)))
    for ends in relations:
        for end in ends:
            if application_of(end) not in {*applications, *saas}:
                text = f'["{ends[0]}" "{ends[1]}"] refers to application "{application_of(end)}"'
                raise JujuError(f"bundle: relations: relation {text} not defined in this bundle")
    keys = {key for entry in entries.values() for key in entry}
    return Bundle(applications=applications, saas=saas, relations=relations, ignored=IGNORED & keys)


def of_model(model: Model, *, defaults: bool = False) -> dict[str, Any]:
    """Return the document of ``juju export-bundle``; with ``defaults``, options that the operator has not set too."""
    applications = sorted(model.applications.values(), key=lambda application: application.name)
    relations = [
        [str(end) for end in sorted(relation.ends, key=lambda end: end.role != "requirer")]
        for _, relation in sorted(model.relations.items())
        if not relation.peer and not relation.is_to_offer
    ]
    document: dict[str, Any] = {"bundle": _TYPE}
    document["applications"] = {each.name: _exported(model, each, defaults=defaults) for each in applications}
    saas = {name: {"url": f"{OWNER}/{each.model}.{each.offer}"} for name, each in sorted(model.saas.items())}
    return document | ({"saas": saas} if saas else {}) | ({"relations": relations} if relations else {})


def _application(name: str, entry: object) -> BundleApplication:
    where = f"bundle: applications.{name}"
    if not APPLICATION_NAME.fullmatch(name):
        raise JujuError(f'{where}: invalid application name "{name}"')
    if not isinstance(entry, dict):
        raise JujuError(f"{where}: must be a mapping of keys to values")
    keys = cast("dict[str, Any]", entry)
    for key in keys:
        if key not in _APPLICATION | IGNORED:
            raise JujuError(f"{where}.{key}: {_REFUSED.get(key, 'unknown key')}")
    if not isinstance(keys.get("charm"), str):
        raise JujuError(f"{where}.charm: missing; add the path or the name of a charm")
    if "scale" in keys and "num_units" in keys:
        raise JujuError(f"{where}.num_units: must not be there together with scale")
    scale = keys.get("scale", keys.get("num_units", 1))
    if not isinstance(scale, int) or isinstance(scale, bool) or scale < 0:
        raise JujuError(f"{where}.scale: must be a number of units; found {scale}")
    for key in ("trust", "expose"):
        if not isinstance(keys.get(key, False), bool):
            raise JujuError(f"{where}.{key}: must be true or false; found {keys[key]}")
    return BundleApplication(
        name=name,
        charm=keys["charm"],
        scale=scale,
        options=_texts(keys, where, "options"),
        resources=_texts(keys, where, "resources"),
        storage=_texts(keys, where, "storage"),
        trust=keys.get("trust", False),
        expose=keys.get("expose", False),
        offers={offer: _endpoints(f"{where}.offers.{offer}", each) for offer, each in _offers(where, keys).items()},
    )


def _offers(where: str, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    offers: object = keys.get("offers") or {}
    if not isinstance(offers, dict):
        raise JujuError(f"{where}.offers: must be a mapping of names to mappings")
    return cast("dict[str, Any]", offers)


def _endpoints(where: str, offer: object) -> tuple[str, ...]:
    endpoints: object = cast("dict[str, object]", offer).get("endpoints") if isinstance(offer, dict) else None
    names = cast("list[object]", endpoints) if isinstance(endpoints, list) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise JujuError(f"{where}.endpoints: must be a list of endpoints")
    return tuple(str(name) for name in names)


def _saas_url(name: str, entry: object) -> str:
    url: object = cast("dict[str, object]", entry).get("url") if isinstance(entry, dict) else None
    if not isinstance(url, str):
        raise JujuError(f"bundle: saas.{name}.url: must be the URL of an offer, as admin/model.offer")
    return url


def _texts(keys: Mapping[str, Any], where: str, key: str) -> dict[str, str]:
    values: object = keys.get(key) or {}
    if not isinstance(values, dict):
        raise JujuError(f"{where}.{key}: must be a mapping of names to values")
    texts: dict[str, str] = {}
    for name, value in cast("dict[str, object]", values).items():
        if not isinstance(value, str | int | float):
            raise JujuError(f"{where}.{key}.{name}: must be a text, a number, true or false")
        texts[name] = str(value).lower() if isinstance(value, bool) else str(value)
    return texts


def _relations(document: Mapping[str, Any]) -> Iterator[RelationEnds]:
    """Yield the relations, each with two ends; one may name several second ends, as ``[a, [b, c]]``."""
    relations: object = document.get("relations") or []
    if not isinstance(relations, list):
        raise JujuError("bundle: relations: must be a list of pairs")
    for relation in cast("list[object]", relations):
        pair = cast("list[object]", relation) if isinstance(relation, list) else []
        ends = [end for item in pair for end in (cast("list[object]", item) if isinstance(item, list) else [item])]
        if len(pair) != 2 or pair[0] != ends[0] or not all(isinstance(end, str) for end in ends):  # noqa: PLR2004  # a relation has two ends
            raise JujuError(f"bundle: relations: must be pairs of APPLICATION:ENDPOINT; found {relation}")
        yield from ((str(ends[0]), str(end)) for end in ends[1:])


def _mapping(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value: object = document.get(key) or {}
    if not isinstance(value, dict):
        raise JujuError(f"bundle: {key}: must be a mapping of names to values")
    return cast("dict[str, Any]", value)


def _with_keys(former: Mapping[str, Any], changed: object) -> dict[str, Any]:
    """Return the keys of an application with those of an overlay; mappings, such as the options, are merged."""
    if not isinstance(changed, dict):
        raise JujuError("bundle: applications: must be a mapping of names to mappings")
    entry = dict(former)
    for key, value in cast("dict[str, Any]", changed).items():
        before = entry.get(key)
        entry[key] = {**before, **value} if isinstance(before, dict) and isinstance(value, dict) else value
    return entry


def _exported(model: Model, application: Application, *, defaults: bool) -> dict[str, Any]:
    settings = application.settings if defaults else application.config
    keys: dict[str, Any] = {
        "charm": f"local:{application.charm.name}-{application.charm.revision}",
        "scale": application.scale,
        "options": dict(sorted(settings.items())),
        "storage": dict(application.storage),
        "expose": application.exposed,
        "trust": application.trust,
        "offers": {
            name: {"endpoints": list(offer.endpoints)}
            for name, offer in sorted(model.offers.items())
            if offer.application == application.name
        },
    }
    return {key: value for key, value in keys.items() if value or key == "scale"}


_REFUSED: Mapping[str, str] = {
    "machines": "not possible here: a pod has no machine",
    "devices": "not possible here: a pod has no devices",
    "exposed-endpoints": "not possible here: an application is exposed as a whole, with expose",
    "variables": "not possible here: write the values where they are used",
}
