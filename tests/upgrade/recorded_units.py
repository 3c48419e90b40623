"""Units of this repository's charms with the metadata of a recorded deployment."""

import collections.abc
import importlib
import pathlib

from deployed_units import DeployedUnit
from record import Document, environment

MakeUnit = collections.abc.Callable[..., DeployedUnit]


def unit_of(
    framework: str, recording: Document, root: pathlib.Path, number: int = 0, *, juju: str = "3.6.11"
) -> DeployedUnit:
    """Return a unit of a framework's charm, with the recorded charm's metadata."""
    return DeployedUnit(
        charm_type=importlib.import_module(f"paas_{framework}").Charm,
        framework=framework,
        metadata=recording["metadata"],
        root=root,
        number=number,
        juju=juju,
    )


def without_peers(databags: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """Return databags without the peer relation's."""
    return {name: databag for name, databag in databags.items() if name not in {"secret-storage", "peers"}}


def secret_key(unit: Document, framework: str) -> str:
    """Return the secret key in the environment of a unit."""
    prefix = framework.upper() if framework in {"flask", "django"} else "APP"
    return environment(unit, framework)[f"{prefix}_SECRET_KEY"]
