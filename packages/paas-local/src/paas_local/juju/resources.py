"""The resources of an application: the images of its containers, and the files that its charm reads."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from paas_local.juju import timestamps
from paas_local.juju.charm import Charm
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Application, Model, application_of, named_application, order, with_unit
from paas_local.juju.names import APPLICATION_NAME, OWNER, UNIT_NAME, agent_folder

_IMAGE_FILE = "content.yaml"
_NOT_DOWNLOADING = -1


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


def upload(application: Application, folders: Mapping[str, str], now: float) -> Application:
    """Return the application with these resources; a time is new if the folder is."""
    before, times = application.resources, application.uploaded
    same = {name for name, folder in folders.items() if folder == before.get(name)}
    uploaded = {name: times.get(name, application.since) if name in same else now for name in folders}
    return dataclasses.replace(application, resources=folders, uploaded=uploaded)


def download(model: Model, unit: str, application: Application, name: str) -> Model:
    """Record that a unit's charm has got a resource."""
    changed = model.applications[application.name].units[unit]
    downloaded = {**changed.downloaded, name: application.uploaded.get(name, application.since)}
    return with_unit(model, dataclasses.replace(changed, downloaded=downloaded))


def document(model: Model, target: str, *, details: bool) -> Any:
    """Return the document of ``juju resources APP|UNIT --format json``; the folder of a resource is its revision."""
    if not APPLICATION_NAME.fullmatch(target) and not UNIT_NAME.fullmatch(target):
        raise JujuError(f'"{target}" is neither an application nor a unit')
    application = named_application(model, application_of(target))
    units = sorted(application.units, key=order)
    if target != application.name:
        if target not in units:
            raise JujuError(f'unit "{target}" not found')
        if details:
            return _details(application, [target])
        without = {name: {**_entry(application, name), "revision": "-"} for name in _names(application)}
        return [_entry_of_unit(application, name, target) or entry for name, entry in without.items()]
    if details:
        return {"resources": _details(application, units)}
    return {"resources": [_entry(application, name) for name in _names(application)]}


def _names(application: Application) -> list[str]:
    return sorted((*application.charm.images, *application.charm.files))


def _details(application: Application, units: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {
            "unitID": unit,
            "unit": _entry_of_unit(application, name, unit),
            "expected": _entry(application, name),
            "progress": _NOT_DOWNLOADING,
        }
        for unit in units
        for name in _names(application)
    ]


def _entry_of_unit(application: Application, name: str, unit: str) -> dict[str, Any]:
    """Return the entry of the upload that a unit's charm has got, or an empty one: images are never downloaded."""
    time = application.units[unit].downloaded.get(name)
    if time is None:
        return {}
    is_present = time == application.uploaded.get(name, application.since)
    entry = _entry(application, name)
    return {**entry, "revision": entry["revision"] if is_present else "-", "timestamp": timestamps.secret(time)}


def _entry(application: Application, name: str) -> dict[str, Any]:
    stored = application.resources.get(name, "")
    time = application.uploaded.get(name, application.since)
    entry = {
        "resourceid": f"{application.name}/{name}",
        "applicationId": application.name,
        "name": name,
        "type": "file" if name in application.charm.files else "oci-image",
        "path": application.charm.files.get(name, ""),
        "revision": stored.rpartition("/")[2] or "-",
        "origin": "upload",
        "used": bool(stored),
    }
    return {**entry, "timestamp": timestamps.secret(time), "username": OWNER} if stored else entry
