"""The resources of an application: the images of its containers, and the files that its charm reads."""

from collections.abc import Mapping
from typing import Any

from paas_local.juju.charm import Charm
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Application
from paas_local.juju.names import OWNER, agent_folder

_IMAGE_FILE = "content.yaml"


def check(charm: Charm, resources: Mapping[str, str]) -> None:
    """Raise JujuError unless a charm's images are among the resources, and the charm declares all of them."""
    unknown = [name for name in resources if name not in {*charm.images, *charm.files}]
    if unknown:
        raise JujuError(f'unrecognized resource "{unknown[0]}"')
    missing = [image for image in charm.images if image not in resources]
    if missing:
        raise JujuError(f"local charm missing OCI images for: {', '.join(missing)}")


def kept(application: Application, charm: Charm) -> dict[str, str]:
    """Return the resources that stay when an application gets a charm: those that both declare as the same type."""
    before = application.charm
    images, files = {*before.images} & {*charm.images}, before.files.keys() & charm.files.keys()
    return {name: folder for name, folder in application.resources.items() if name in images | files}


def file_name(charm: Charm, name: str) -> str:
    """Return the name of a resource's file in the unit; that of an image describes it."""
    return charm.files.get(name, _IMAGE_FILE)


def folder(unit: str) -> str:
    """Return the folder of a unit's resources in the charm container."""
    return f"{agent_folder(unit)}/resources"


def document(application: Application) -> dict[str, Any]:
    """Return the document of ``juju resources APP --format json``; the folder of a resource is its revision."""
    charm = application.charm
    return {"resources": [_entry(application, name) for name in sorted((*charm.images, *charm.files))]}


def _entry(application: Application, name: str) -> dict[str, Any]:
    stored = application.resources.get(name, "")
    entry = {
        "resourceid": f"{application.name}/{name}",
        "applicationid": application.name,
        "name": name,
        "type": "file" if name in application.charm.files else "oci-image",
        "path": application.charm.files.get(name, ""),
        "revision": stored.rpartition("/")[2] or "-",
        "origin": "upload",
        "used": bool(stored),
    }
    return {**entry, "username": OWNER} if stored else entry
