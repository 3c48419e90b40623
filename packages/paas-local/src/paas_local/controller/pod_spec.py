"""The folders of a model, and the specification of a unit's pod."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import yaml

from paas_local.build import charm_resources, charms, rocks
from paas_local.juju import hook_tools, resources, storage
from paas_local.juju.charm import Container
from paas_local.juju.model import Application, Model, Unit
from paas_local.juju.names import pod_name, storage_folder
from paas_local.pods import containers


@dataclass(frozen=True, kw_only=True)
class Folders:
    """The folders of one model."""

    root: Path

    @property
    def hosts(self) -> Path:
        """Return the ``/etc/hosts`` of all pods."""
        return self.root / "hosts"

    def pod(self, unit: str) -> Path:
        """Return the folder of a running pod."""
        return self.root / "pods" / pod_name(unit)

    def agent_socket(self, unit: str) -> Path:
        """Return the socket for the hook tools, in a folder of its own; no container has a dot in its name."""
        return self.pod(unit) / "agent.run" / "agent.socket"

    def pebble_socket(self, unit: str, container: str) -> Path:
        """Return the socket of a container's Pebble."""
        return self.pod(unit) / container / "pebble.socket"

    def charm(self, unit: str) -> Path:
        """Return the folder of a unit's copy of its charm, where the charm keeps its state."""
        return self.root / "charms" / pod_name(unit)

    def resources(self, unit: str) -> Path:
        """Return the folder of a unit's resources, a folder each."""
        return self.root / "resources" / pod_name(unit)

    def storage(self, unit: str, storage: str) -> Path:
        """Return the folder of a storage, such as ``data/0``, or of all storages of a name; it outlives pods."""
        return self.root / "storage" / pod_name(unit) / storage


def spec(folders: Folders, model: Model, unit: Unit) -> containers.PodSpec:
    """Return the specification of a unit's pod."""
    application = model.applications[unit.application]
    return containers.PodSpec(
        unit=unit.name,
        model=model.name,
        address=unit.address,
        folder=folders.pod(unit.name),
        charm=charms.read(Path(application.charm.folder)),
        charm_dir=folders.charm(unit.name),
        resources=folders.resources(unit.name),
        agent_socket=folders.agent_socket(unit.name),
        tools=hook_tools.NAMES,
        containers=tuple(
            _container(folders, application, unit, container) for container in application.charm.containers.values()
        ),
        # the folder of a name: what the charm adds is there at once
        charm_storage={storage_folder(name): folders.storage(unit.name, name) for name in application.charm.storage},
        hosts=folders.hosts,
    )


def create_storage(folders: Folders, application: Application, unit: str) -> None:
    """Create the missing folders of a unit's storage; each belongs to the owner of the folder of its name."""
    for name in application.charm.storage:
        folders.storage(unit, name).mkdir(parents=True, exist_ok=True)
    for item in application.units[unit].storage:
        folder = folders.storage(unit, item)
        if not folder.exists():
            folder.mkdir()
            owner = folder.parent.stat()
            os.chown(folder, owner.st_uid, owner.st_gid)


def create_folders(folders: Folders, spec: containers.PodSpec, application: Application) -> None:
    """Create the folders of a pod; storage is kept, the charm's folder and the resources are copied again."""
    create_storage(folders, application, spec.unit)
    shutil.rmtree(spec.folder, ignore_errors=True)
    spec.agent_socket.parent.mkdir(parents=True)
    shutil.rmtree(spec.charm_dir, ignore_errors=True)
    shutil.copytree(spec.charm.folder, spec.charm_dir, symlinks=True)
    shutil.rmtree(spec.resources, ignore_errors=True)
    spec.resources.mkdir(parents=True)
    for name, stored in application.resources.items():
        file = spec.resources / name / resources.file_name(application.charm, name)
        file.parent.mkdir()
        if name in application.charm.files:
            shutil.copyfile(Path(stored) / charm_resources.CONTENT, file)
        else:
            document = {"registrypath": f"file://{stored}", "username": "", "password": ""}
            file.write_text(yaml.safe_dump(document))


def remove_folders(folders: Folders, unit: Unit) -> None:
    """Remove the folders of a unit, its storage included."""
    paths = [folders.pod(unit.name), folders.charm(unit.name), folders.resources(unit.name)]
    for path in (*paths, folders.storage(unit.name, "")):
        shutil.rmtree(path, ignore_errors=True)


def _container(folders: Folders, application: Application, unit: Unit, container: Container) -> containers.Container:
    rock = application.resources.get(container.resource or "")
    mounts = (_mounts(folders, application, unit, *mount) for mount in container.mounts.items())
    return containers.Container(
        name=container.name,
        rock=rocks.read(Path(rock)) if rock else None,
        uid=container.uid,
        storage={path: folder for folders_of_mount in mounts for path, folder in folders_of_mount.items()},
    )


def _mounts(folders: Folders, application: Application, unit: Unit, path: str, name: str) -> dict[str, Path]:
    """Return the mounts of a storage; a path with several is a folder with one for each, as ``/data/0``."""
    items = {
        item.partition("/")[2]: folders.storage(unit.name, item)
        for item in unit.storage
        if item.partition("/")[0] == name
    }
    if application.charm.multiple.get(name, storage.SINGULAR) == storage.SINGULAR:
        return dict(zip([path], items.values(), strict=True))
    return {path: folders.storage(unit.name, name), **{f"{path}/{number}": folder for number, folder in items.items()}}
