"""Charmcraft's extensions, expanded without charmcraft.

An extension adds the framework's ``schema.yaml`` and ``frameworks/shared/charmcraft.yaml``; this module selects, checks
and merges them.
"""

import copy
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from paas_local.build import frameworks, yaml_files
from paas_local.build.errors import ProjectError
from paas_local.build.frameworks.framework import Framework

EXPERIMENTAL = "CHARMCRAFT_ENABLE_EXPERIMENTAL_EXTENSIONS"
PAAS_CONFIG = "paas-config.yaml"

_FILE = "charmcraft.yaml"
_SCHEMA = "schema.yaml"
_RULES = ("cos_custom", "grafana_dashboards", "loki_alert_rules", "prometheus_alert_rules")
_OWNED = ("assumes", "containers", "resources", "peers")
_SHARED = (("actions",), ("requires",), ("provides",), ("config", "options"))
_REFUSED = ("devices", "extra-bindings", "storage")
_LAST_PORT = 65535
_URL_PATH = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")

Check = Callable[["_Case"], Iterator[str]]


def expand(charmcraft: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the project with what its extensions add; ``folder`` contains its other files."""
    expanded = copy.deepcopy(dict(charmcraft))
    names = yaml_files.strings(expanded, "extensions", "charmcraft.yaml")
    expanded.pop("extensions", None)
    for name in sorted(names):
        expanded = _expand(name, expanded, folder)
    return expanded


def _expand(name: str, charmcraft: dict[str, Any], folder: Path) -> dict[str, Any]:
    framework = frameworks.find_extension(name)
    if framework is None:
        known = ", ".join(frameworks.extensions())
        raise ProjectError(f"{_FILE}: extensions: {name} is not known; known are: {known}")
    shared = yaml_files.load(frameworks.SHARED / _FILE)
    generation = _generation(name, _generations(shared, framework), charmcraft)
    case = _Case(
        name=name,
        framework=framework.name,
        experimental=generation.experimental,
        charmcraft=charmcraft,
        folder=folder,
        adds=_merged(generation.adds, generation.adds_for_paas_config if (folder / PAAS_CONFIG).is_file() else {}),
    )
    for check in _CHECKS:
        for problem in check(case):
            raise ProjectError(problem)
    options = {**case.adds["config"]["options"], **_options_of_endpoints(shared, charmcraft)}
    return _merged(charmcraft, {**case.adds, "config": {"options": options}})


@dataclass(frozen=True, kw_only=True)
class _Generation:
    """The content of an extension for some bases."""

    bases: tuple[str, ...]
    experimental: bool
    adds: Mapping[str, Any]
    adds_for_paas_config: Mapping[str, Any]
    """Added if there is a ``paas-config.yaml``."""


def _generations(shared: Mapping[str, Any], framework: Framework) -> Iterator[_Generation]:
    """Merge the shared generations with the framework's schema."""
    schema = yaml_files.load(frameworks.FOLDER / framework.name / _SCHEMA)
    for release, generation in shared["generations"].items():
        yield _Generation(
            bases=tuple(generation.get("bases", framework.bases)),
            experimental=generation["experimental"],
            adds={**_merged(generation["adds"], shared["adds"]), **schema[release]},
            adds_for_paas_config=generation.get("adds-for-paas-config", {}),
        )


@dataclass(frozen=True, kw_only=True)
class _Case:
    """A project, and one generation of an extension."""

    name: str
    framework: str
    experimental: bool
    charmcraft: Mapping[str, Any]
    folder: Path
    adds: Mapping[str, Any]


def _generation(name: str, generations: Iterable[_Generation], charmcraft: Mapping[str, Any]) -> _Generation:
    named = sorted(set(bases(charmcraft)))
    if len(named) != 1:
        listed = ", ".join(named) or "none"
        raise ProjectError(f"charmcraft.yaml: base: {name} needs exactly one, as ubuntu@24.04; found: {listed}")
    known = tuple(generations)
    generation = next((generation for generation in known if named[0] in generation.bases), None)
    if generation is None:
        supported = ", ".join(base for generation in known for base in generation.bases)
        raise ProjectError(f"charmcraft.yaml: base: {name} does not support {named[0]}; supported are: {supported}")
    if generation.experimental and not os.environ.get(EXPERIMENTAL):
        raise ProjectError(
            f"charmcraft.yaml: base: {name} is experimental on {named[0]}; set {EXPERIMENTAL}=1 to use it"
        )
    return generation


def bases(charmcraft: Mapping[str, Any]) -> Iterator[str]:
    """Yield the bases from each key that can name one: base, labels and build-for of platforms, bases."""
    if base := charmcraft.get("base"):
        yield str(base)
    for label, platform in yaml_files.mappings(charmcraft, "platforms").items():
        targets: object = platform.get("build-for") or []
        listed = cast("list[object]", targets) if isinstance(targets, list) else [targets]
        texts = [label] if "@" in label else [str(target) for target in listed if "@" in str(target)]
        yield from (text.partition(":")[0] for text in texts)
    legacy = cast("list[Mapping[str, Any]]", charmcraft.get("bases") or [])
    for entry in legacy:
        yield from (f"{base['name']}@{base['channel']}" for base in entry.get("build-on", [entry]))


def _options_of_endpoints(shared: Mapping[str, Any], charmcraft: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for endpoint, declared in yaml_files.mappings(charmcraft, "requires").items():
        templates = shared["options-of-interfaces"].get(declared.get("interface"), {})
        options |= {name.format(endpoint=endpoint): option for name, option in templates.items()}
    return options


def _merged(own: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """Merge mappings: the author's values are kept, the extension's list items come before the author's."""
    merged = dict(own)
    for key, value in added.items():
        merged[key] = _joined(own.get(key), value)
    return merged


def _joined(own: Any, added: Any) -> Any:
    if not own:
        return copy.deepcopy(added)
    if isinstance(own, list) and isinstance(added, list):
        items = cast("list[object]", added + own)
        return list(dict.fromkeys(items)) if all(isinstance(item, str) for item in items) else items
    if isinstance(own, dict) and isinstance(added, dict):
        return _merged(cast("dict[str, Any]", own), cast("dict[str, Any]", added))
    return cast("object", own)


def _type(case: _Case) -> Iterator[str]:
    if case.charmcraft.get("type") != "charm":
        yield f"charmcraft.yaml: type: {case.name} needs `type: charm`"


def _refused_keys(case: _Case) -> Iterator[str]:
    if "charm" in yaml_files.mapping(case.charmcraft, "parts"):
        yield f"charmcraft.yaml: parts.charm: {case.name} adds this part; rename yours"
    for key in sorted({*_REFUSED} & case.charmcraft.keys()):
        yield f"charmcraft.yaml: {key}: must not be used together with {case.name}; remove it"


def _owned_keys(case: _Case) -> Iterator[str]:
    for key in _OWNED:
        if key in case.charmcraft and case.charmcraft[key] != case.adds[key]:
            yield f"charmcraft.yaml: {key}: {case.name} sets this key; remove it"


def _names_taken(case: _Case) -> Iterator[str]:
    for keys in _SHARED:
        own, added = yaml_files.mapping(case.charmcraft, *keys), yaml_files.mapping(case.adds, *keys)
        for name in sorted(own.keys() & added.keys()):
            where = f"charmcraft.yaml: {'.'.join(keys)}.{name}"
            yield f"{where}: {case.name} adds one of this name; rename or remove yours"


def _own_options(case: _Case) -> Iterator[str]:
    for name, option in yaml_files.mappings(case.charmcraft, "config", "options").items():
        where = f"charmcraft.yaml: config.options.{name}"
        for prefix in ("webserver-", f"{case.framework}-"):
            if name.startswith(prefix):
                yield f"{where}: names that begin with {prefix} are reserved for {case.name}; rename it"
        if option.get("optional") is False and option.get("default"):
            yield f"{where}: an option with optional: false must not have a default; remove one of the two"


def _custom_rules(case: _Case) -> Iterator[str]:
    name, *allowed = _RULES
    folder = case.folder / name
    for item in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not (item.is_dir() and item.name in allowed):
            yield f"{name}/{item.name}: {name} must contain only the folders {', '.join(allowed)}"


def _paas_config(case: _Case) -> Iterator[str]:
    file = case.folder / PAAS_CONFIG
    config = yaml_files.load(file) if file.exists() else {}
    if not case.experimental:
        return
    for key in {"port", "metrics-port"} & config.keys():
        if type(config[key]) is not int or not 1 <= config[key] <= _LAST_PORT:
            yield f"{PAAS_CONFIG}: {key}: must be a number from 1 to {_LAST_PORT}"
    path = config.get("metrics-path", "/")
    if not isinstance(path, str) or not _URL_PATH.fullmatch(path):
        yield f"{PAAS_CONFIG}: metrics-path: must be the path of a URL, which begins with /"


_CHECKS: tuple[Check, ...] = (
    _type,
    _custom_rules,
    _refused_keys,
    _owned_keys,
    _names_taken,
    _own_options,
    _paas_config,
)
