"""What charmcraft.yaml of a framework's charm has: options, actions, peers, relations; from the same values that run.

``python -m paas_flask`` prints it.
"""

import argparse
import collections.abc
import sys
import typing

import yaml

from paas_common.values.workload import NEWER_CONTAINER, NEWER_KEY_OPTION, Entry, Framework

OLDER: typing.Final = "24.04"
NEWER: typing.Final = "26.04"
_TYPES: typing.Final = {"integer": "int", "number": "float", "boolean": "boolean", "string": "string"}
_ROTATE: typing.Final = {"description": "Make a new secret key; who is logged in must log in again."}


def charmcraft(framework: Framework, generation: str) -> dict[str, typing.Any]:
    """Give the parts of charmcraft.yaml that are the framework's, as charmcraft's extension of that base has them."""
    newer = generation == NEWER
    container = NEWER_CONTAINER if newer else framework.container
    peers = "peers" if newer else "secret-storage"
    return {
        "containers": {container: {"resource": f"{container}-image"}},
        "resources": {
            f"{container}-image": {"type": "oci-image", "description": f"Image of the {framework.name} application."}
        },
        "peers": {peers: {"interface": peers}},
        "requires": {"logging": {"interface": "loki_push_api"}, "ingress": {"interface": "ingress", "limit": 1}},
        "provides": {
            "metrics-endpoint": {"interface": "prometheus_scrape"},
            "grafana-dashboard": {"interface": "grafana_dashboard"},
        },
        "actions": {"rotate-secret-key": _ROTATE, **framework.actions},
        "config": {"options": {**_settings(framework, newer=newer), **_key(framework, newer=newer)}},
    }


def main(framework: Framework) -> None:
    """Print it as YAML."""
    parser = argparse.ArgumentParser(
        prog=f"paas_{framework.name}", description=f"Print what charmcraft.yaml of a {framework.name} charm has."
    )
    parser.add_argument("--generation", choices=(OLDER, NEWER), default=OLDER, help="the base's release")
    generation: str = parser.parse_args().generation
    yaml.safe_dump(charmcraft(framework, generation), sys.stdout, sort_keys=False, width=100)


def _settings(framework: Framework, *, newer: bool) -> dict[str, Entry]:
    """Translate the schema of the settings.

    A field may say in its ``json_schema_extra`` that no extension declares it (``undeclared``), or that only the older
    one does, with a default (``older_default``); the newer one leaves ports to ``paas-config.yaml``.
    """
    properties = framework.settings.model_json_schema()["properties"]
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


def _key(framework: Framework, *, newer: bool) -> dict[str, Entry]:
    what = "that signs session cookies and whatever else the application signs; without it the units share a random one"
    secret = (
        f"Id of a user secret whose one key, value, is the key {what}. juju add-secret NAME value=KEY makes it, juju "
        "grant-secret NAME APPLICATION lets the charm read it."
    )
    if newer:
        return {NEWER_KEY_OPTION: {"type": "secret", "description": secret}}
    return {
        framework.key_option: {"type": "string", "description": f"The key {what}."},
        f"{framework.key_option}-id": {"type": "secret", "description": secret},
    }
