"""States of ``ops.testing`` as JSON documents, written by one Python environment and read by another."""

import pathlib
import typing

import ops
from ops import testing

Document = dict[str, typing.Any]


def write(state: testing.State, files: dict[str, str]) -> Document:
    """Return the document of a state with one container, and of the files in it."""
    (container,) = state.containers
    return {
        "leader": state.leader,
        "planned_units": state.planned_units,
        "config": dict(state.config),
        "model": {"name": state.model.name, "uuid": state.model.uuid},
        "unit_status": [state.unit_status.name, state.unit_status.message],
        "app_status": [state.app_status.name, state.app_status.message],
        "ports": sorted(port.port or 0 for port in state.opened_ports),
        "secrets": [_write_secret(secret) for secret in sorted(state.secrets, key=lambda secret: secret.id)],
        "relations": [_write_relation(each) for each in sorted(state.relations, key=lambda each: each.id)],
        "container": {
            "name": container.name,
            "can_connect": container.can_connect,
            "layers": [[name, layer.to_dict()] for name, layer in container.layers.items()],
            "services": {name: status.value for name, status in sorted(container.service_statuses.items())},
            "files": files,
        },
    }


def read(document: Document, container: testing.Container) -> testing.State:
    """Return the state of a document, with another container."""
    return testing.State(
        leader=document["leader"],
        planned_units=document["planned_units"],
        config=document["config"],
        model=testing.Model(document["model"]["name"], uuid=document["model"]["uuid"], type="kubernetes"),
        unit_status=_read_status(document["unit_status"]),
        app_status=_read_status(document["app_status"]),
        opened_ports={testing.TCPPort(port) for port in document["ports"]},
        secrets=[_read_secret(secret) for secret in document["secrets"]],
        relations=[_read_relation(relation) for relation in document["relations"]],
        containers=[container],
    )


def layers(document: Document) -> dict[str, ops.pebble.Layer]:
    """Return the layers of a document's container."""
    return {name: ops.pebble.Layer(layer) for name, layer in document["container"]["layers"]}


def service_statuses(document: Document) -> dict[str, ops.pebble.ServiceStatus]:
    """Return which services run in a document's container."""
    return {name: ops.pebble.ServiceStatus(text) for name, text in document["container"]["services"].items()}


def files(folders: dict[str, pathlib.Path]) -> dict[str, str]:
    """Return the files below some folders, by their path in the container."""
    return {
        f"{location}/{path.relative_to(folder)}": path.read_text()
        for location, folder in sorted(folders.items())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _read_status(document: list[str]) -> ops.StatusBase:
    name, message = document
    return testing.UnknownStatus() if name == "unknown" else ops.StatusBase.from_name(name, message)


def _write_secret(secret: testing.Secret) -> Document:
    return {
        "id": secret.id,
        "label": secret.label,
        "owner": secret.owner,
        "content": dict(secret.latest_content or secret.tracked_content),
    }


def _read_secret(document: Document) -> testing.Secret:
    return testing.Secret(document["content"], id=document["id"], label=document["label"], owner=document["owner"])


def _write_relation(relation: testing.RelationBase) -> Document:
    common = {
        "endpoint": relation.endpoint,
        "interface": relation.interface,
        "id": relation.id,
        "local_app_data": dict(relation.local_app_data),
        "local_unit_data": dict(relation.local_unit_data),
    }
    if isinstance(relation, testing.PeerRelation):
        return {**common, "peers_data": _by_unit(relation.peers_data)}
    assert isinstance(relation, testing.Relation)
    return {
        **common,
        "remote_app": relation.remote_app_name,
        "remote_app_data": dict(relation.remote_app_data),
        "remote_units_data": _by_unit(relation.remote_units_data),
    }


def _by_unit(databags: typing.Mapping[int, typing.Mapping[str, str]]) -> Document:
    return {str(number): dict(databag) for number, databag in sorted(databags.items())}


def _read_relation(document: Document) -> testing.RelationBase:
    common = {name: document[name] for name in ("interface", "id", "local_app_data", "local_unit_data")}
    if "peers_data" in document:
        return testing.PeerRelation(document["endpoint"], peers_data=_numbered(document["peers_data"]), **common)
    return testing.Relation(
        document["endpoint"],
        remote_app_name=document["remote_app"],
        remote_app_data=document["remote_app_data"],
        remote_units_data=_numbered(document["remote_units_data"]),
        **common,
    )


def _numbered(document: Document) -> dict[int, dict[str, str]]:
    return {int(number): databag for number, databag in document.items()}
