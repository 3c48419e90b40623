"""The parts of charmcraft.yaml that belong to a framework, built from the same values as the running charm.

``python -m paas_flask`` prints them.
"""

import argparse
import collections.abc
import sys
import typing

import yaml

from paas_common.values.framework import NEWER_CONTAINER, NEWER_KEY_OPTION, FrameworkSpec
from paas_common.values.workload import LayerEntry

OLDER: typing.Final = "24.04"
NEWER: typing.Final = "26.04"
_TYPES: typing.Final = {"integer": "int", "number": "float", "boolean": "boolean", "string": "string"}
_ROTATE: typing.Final = {"description": "Replace the secret key with a new random one."}


def charmcraft(spec: FrameworkSpec, generation: str) -> dict[str, typing.Any]:
    """Return the framework's parts of charmcraft.yaml, as charmcraft's extension for a base adds them."""
    newer = generation == NEWER
    container = NEWER_CONTAINER if newer else spec.container
    peers = "peers" if newer else "secret-storage"
    return {
        "containers": {container: {"resource": f"{container}-image"}},
        "resources": {f"{container}-image": {"type": "oci-image", "description": "OCI image of the application."}},
        "peers": {peers: {"interface": peers}},
        "requires": {"logging": {"interface": "loki_push_api"}, "ingress": {"interface": "ingress", "limit": 1}},
        "provides": {
            "metrics-endpoint": {"interface": "prometheus_scrape"},
            "grafana-dashboard": {"interface": "grafana_dashboard"},
        },
        "actions": {"rotate-secret-key": _ROTATE, **spec.actions},
        "config": {"options": {**_settings(spec, newer=newer), **_key(spec, newer=newer)}},
    }


def main(spec: FrameworkSpec) -> None:
    """Print the parts as YAML."""
    parser = argparse.ArgumentParser(
        prog=f"paas_{spec.name}", description=f"Print the parts of charmcraft.yaml that a {spec.name} charm needs."
    )
    parser.add_argument("--generation", choices=(OLDER, NEWER), default=OLDER, help="release of the Ubuntu base")
    generation: str = parser.parse_args().generation
    yaml.safe_dump(charmcraft(spec, generation), sys.stdout, sort_keys=False, width=100)


def _settings(spec: FrameworkSpec, *, newer: bool) -> dict[str, LayerEntry]:
    """Return the options of the settings' JSON schema.

    In a field's ``json_schema_extra``, ``undeclared`` means that no extension declares the option. ``older_default``
    means that only the older extension does, with this default; newer charms set ports in ``paas-config.yaml``.
    """
    properties = spec.settings.model_json_schema()["properties"]
    return {
        name: dict(_option(declared))
        for name, declared in properties.items()
        if not (declared.get("undeclared") or (newer and "older_default" in declared))
    }


def _option(declared: dict[str, typing.Any]) -> collections.abc.Iterator[tuple[str, object]]:
    choices: list[dict[str, typing.Any]] = declared.get("anyOf", [declared])
    yield "type", next(_TYPES[choice["type"]] for choice in choices if choice["type"] != "null")
    default = declared.get("older_default", declared.get("default"))
    if default is not None:
        yield "default", default
    yield "description", declared["description"]


def _key(spec: FrameworkSpec, *, newer: bool) -> dict[str, LayerEntry]:
    use = "that signs session cookies and other data of the application; if it is not set, the units share a random key"
    by_id = (
        f"Id of a user secret whose only key, value, is the key {use}. Create the secret with juju add-secret NAME "
        "value=KEY, and grant it with juju grant-secret NAME APPLICATION."
    )
    if newer:
        return {NEWER_KEY_OPTION: {"type": "secret", "description": by_id}}
    return {
        spec.key_option: {"type": "string", "description": f"The key {use}."},
        f"{spec.key_option}-id": {"type": "secret", "description": by_id},
    }
