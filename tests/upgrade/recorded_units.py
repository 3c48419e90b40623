"""Units of this repository's charms with the metadata of a recorded deployment."""

import collections.abc
import importlib
import pathlib

from deployed_units import DeployedUnit
from record import Document

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
