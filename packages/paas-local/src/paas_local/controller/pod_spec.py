"""Where the things of a model lie on disk, and what a unit's pod is made of."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from paas_local.build import charms, rocks
from paas_local.juju import hook_tools
from paas_local.juju.hook_tools import storage
from paas_local.juju.model import Container, Model, Unit
from paas_local.pods import containers


@dataclass(frozen=True, kw_only=True)
class Folders:
    """The folders of one model."""

    root: Path

    @property
    def hosts(self) -> Path:
        """The file of names that all its pods see."""
        return self.root / "hosts"

    def pod(self, unit: str) -> Path:
        """Name the folder of what a pod needs while it runs."""
        return self.root / "pods" / unit.replace("/", "-")

    def charm(self, unit: str) -> Path:
        """Name a unit's own copy of its charm, where the charm keeps its state."""
        return self.root / "charms" / unit.replace("/", "-")

    def storage(self, unit: str, storage: str) -> Path:
        """Name the folder of a storage, which outlives pods."""
        return self.root / "storage" / f"{storage.partition('/')[0]}-{unit.replace('/', '-')}"


def spec(folders: Folders, model: Model, unit: Unit) -> containers.PodSpec:
    """Say what a unit's pod is made of."""
    application = model.applications[unit.application]
    stored = {item: folders.storage(unit.name, item) for item in unit.storage}
    return containers.PodSpec(
        unit=unit.name,
        model=model.name,
        address=unit.address,
        folder=folders.pod(unit.name),
        charm=charms.read(Path(application.charm.folder)),
        charm_dir=folders.charm(unit.name),
        agent_socket=folders.pod(unit.name) / "agent.socket",
        tools=hook_tools.NAMES,
        containers=tuple(
            _container(container, application.resources, stored) for container in application.charm.containers.values()
        ),
        charm_storage={storage.location(item): folder for item, folder in stored.items()},
        hosts=folders.hosts,
    )


def prepare(made: containers.PodSpec, resources: Mapping[str, str]) -> None:
    """Make the folders of a pod: storage is kept, the charm's folder is always new, as with a new pod."""
    for folder in made.charm_storage.values():
        folder.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(made.folder, ignore_errors=True)
    made.folder.mkdir(parents=True)
    shutil.rmtree(made.charm_dir, ignore_errors=True)
    shutil.copytree(made.charm.folder, made.charm_dir, symlinks=True)
    described = made.charm_dir / ".resources"
    described.mkdir(exist_ok=True)
    for name, rock in resources.items():
        document = {"registrypath": f"file://{rock}", "username": "", "password": ""}
        (described / f"{name}.yaml").write_text(yaml.safe_dump(document))


def clear(folders: Folders, unit: Unit) -> None:
    """Remove what a unit leaves behind."""
    places = [folders.pod(unit.name), folders.charm(unit.name)]
    for place in (*places, *(folders.storage(unit.name, item) for item in unit.storage)):
        shutil.rmtree(place, ignore_errors=True)


def _container(container: Container, resources: Mapping[str, str], stored: Mapping[str, Path]) -> containers.Container:
    by_name = {item.partition("/")[0]: folder for item, folder in stored.items()}
    rock = resources.get(container.resource or "")
    return containers.Container(
        name=container.name,
        rock=rocks.read(Path(rock)) if rock else None,
        uid=container.uid,
        storage={place: by_name[name] for place, name in container.mounts.items() if name in by_name},
    )
