"""The deployment of one application: its charm is packed, its resources are built, and it is added to the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paas_local.build import charms
from paas_local.cli import built_in_charms, packing, progress
from paas_local.cli.client import Client


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """An application to add, with its packed charm and the folders of its resources."""

    charm: charms.Charm
    resources: Mapping[str, str]
    application: str
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    storage: Mapping[str, int] = field(default_factory=dict[str, int])
    units: int = 1
    trust: bool = False


def pack(charm: str, resources: Mapping[str, str], steps: progress.Steps, *, application: str = "") -> Deployment:
    """Pack a charm and build its resources; the application has the charm's name if it has no other."""
    packed, folders = packing.pack(charm, resources, steps)
    return Deployment(charm=packed, resources=folders, application=application or packed.name)


def add(client: Client, model: str, deployment: Deployment) -> None:
    """Add an application to a model; options that only the charm on Charmhub has are left out with a warning."""
    charm = deployment.charm
    ignored = built_in_charms.without_effect(charm.name, charm.options, deployment.config)
    client.request(
        "deploy",
        model=model,
        charm=str(charm.folder),
        application=deployment.application,
        resources=dict(deployment.resources),
        config={key: value for key, value in deployment.config.items() if key not in ignored},
        storage=dict(deployment.storage),
        units=deployment.units,
        trust=deployment.trust,
    )
