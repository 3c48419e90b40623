"""The documents about models, applications and units, and the rows of ``juju status --relations``."""

from collections.abc import Iterator, Mapping
from typing import Any

from paas_local.juju import go_values, open_ports, timestamps
from paas_local.juju.model import Application, Databag, Model, Relation, Unit, application_of, order
from paas_local.juju.names import CONTROLLER, OWNER, pod_name
from paas_local.juju.operations import MODEL_DEFAULTS
from paas_local.juju.status_document import CONTROLLER_UUID, REGION, SPACE


def unit_document(model: Model, unit: Unit) -> dict[str, Any]:
    """Return the document of ``juju show-unit --format json``."""
    application = model.applications[unit.application]
    relations = [_relation(relation, application, unit) for relation in model.relations_of(application.name)]
    return {
        unit.name: {
            "workload-version": application.version,
            "opened-ports": open_ports.names(unit.ports),
            "charm": f"local:{application.charm.name}-{application.charm.revision}",
            "leader": model.leads(unit.name),
            "life": unit.life,
            "relation-info": [relation for relation in relations if _has_data(relation)],
            "provider-id": pod_name(unit.name),
            "address": unit.address,
        }
    }


def model_config(model: Model) -> dict[str, Any]:
    """Return the document of ``juju model-config --format json``."""
    fixed = {"name": model.name, "type": "kubernetes", "uuid": model.uuid, "agent-version": model.agent_version}
    return {
        key: {"Value": _model_value(key, value), "Source": "default" if MODEL_DEFAULTS.get(key) == value else "model"}
        for key, value in sorted({**model.config, **fixed}.items())
    }


def model_document(model: Model) -> dict[str, Any]:
    """Return the document of ``juju show-model --format json``."""
    return {
        model.name: {
            "name": f"{OWNER}/{model.name}",
            "short-name": model.name,
            "model-uuid": model.uuid,
            "model-type": "caas",
            "controller-uuid": CONTROLLER_UUID,
            "controller-name": CONTROLLER,
            "is-controller": False,
            "owner": OWNER,
            "cloud": CONTROLLER,
            "region": REGION,
            "type": "kubernetes",
            "life": model.life,
            "status": {"current": "available", "since": timestamps.status(model.since)},
            "users": {OWNER: {"display-name": OWNER, "access": "admin", "last-connection": "just now"}},
            "sla": "unsupported",
            "agent-version": model.agent_version,
            "credential": {"name": CONTROLLER, "owner": OWNER, "cloud": CONTROLLER, "validity-check": "valid"},
            "supported-features": [
                {"name": "juju", "description": "the version of Juju", "version": model.agent_version}
            ],
        }
    }


def application_document(application: Application) -> dict[str, Any]:
    """Return the document of ``juju show-application --format json``."""
    name, _, channel = application.charm.base.partition("@")
    return {
        application.name: {
            "charm": application.charm.name,
            "base": f"{name}@{channel}",
            "principal": True,
            "exposed": application.exposed,
            "remote": False,
            "life": application.life,
            "endpoint-bindings": {"": SPACE} | dict.fromkeys(sorted(application.charm.endpoints), SPACE),
        }
    }


def integrations(model: Model) -> Iterator[dict[str, str]]:
    """Yield one row per relation, but those to offers: its provider, its requirer and its interface."""
    for relation in model.relations.values():
        if relation.is_to_offer:
            continue
        ends = sorted(relation.ends, key=lambda end: end.role != "provider")
        yield {
            "provider": str(ends[0]),
            "requirer": str(ends[-1]),
            "interface": relation.interface,
            "type": "peer" if relation.peer else "regular",
            "message": _message(relation),
        }


def _model_value(key: str, text: str) -> str | bool:
    is_boolean = go_values.boolean(MODEL_DEFAULTS.get(key, "")) is not None
    return go_values.boolean(text) is True if is_boolean else text


def _relation(relation: Relation, application: Application, unit: Unit) -> dict[str, Any]:
    remote = relation.remote(application.name)
    local = relation.local(application.name) or remote
    others = sorted(
        (name for name in relation.scope if application_of(name) == remote.application and name != unit.name),
        key=order,
    )
    return {
        "relation-id": relation.id,
        "endpoint": local.endpoint,
        "related-endpoint": remote.endpoint,
        "application-data": _data(relation.applications, remote.application),
        "local-unit": _in_scope(relation, unit.name),
        "related-units": {name: _in_scope(relation, name) for name in others},
    }


def _message(relation: Relation) -> str:
    if relation.life == "dying":
        return "removing"
    return f"suspended  {relation.message}".rstrip() if relation.suspended else ""


def _in_scope(relation: Relation, name: str) -> dict[str, Any]:
    return {"in-scope": name in relation.scope, "data": _data(relation.units, name)}


def _data(databags: Mapping[str, Databag], owner: str) -> dict[str, str]:
    return dict(databags.get(owner, Databag()).data)


def _has_data(relation: Mapping[str, Any]) -> bool:
    return bool(relation["application-data"] or relation["related-units"] or relation["local-unit"]["data"])
