"""What ``juju show-unit`` and ``juju model-config`` show, and the integrations below ``juju status --relations``."""

from collections.abc import Iterator, Mapping
from typing import Any

from paas_local.juju.model import Application, Bag, Model, Relation, Unit, application_of, order
from paas_local.juju.operations import MODEL_DEFAULTS
from paas_local.juju.status_document import VERSION


def unit(model: Model, shown: Unit) -> dict[str, Any]:
    """Answer ``juju show-unit --format json``."""
    application = model.applications[shown.application]
    relations = [_relation(relation, application, shown) for relation in model.relations_of(application.name)]
    return {
        shown.name: {
            "workload-version": application.version,
            "opened-ports": sorted(shown.ports),
            "charm": f"local:{application.charm.name}-{application.charm.revision}",
            "leader": model.leads(shown.name),
            "life": shown.life,
            "relation-info": [relation for relation in relations if _says_anything(relation)],
            "provider-id": shown.name.replace("/", "-"),
            "address": shown.address,
        }
    }


def model_config(model: Model) -> dict[str, Any]:
    """Answer ``juju model-config --format json``."""
    fixed = {"name": model.name, "type": "kubernetes", "uuid": model.uuid, "agent-version": VERSION}
    return {
        key: {"Value": value, "Source": "default" if MODEL_DEFAULTS.get(key) == value else "model"}
        for key, value in sorted({**model.config, **fixed}.items())
    }


def integrations(model: Model) -> Iterator[dict[str, str]]:
    """List the relations as rows: who provides, who requires, what."""
    for relation in model.relations.values():
        ends = sorted(relation.sides, key=lambda side: side.role != "provider")
        provider, requirer = ends[0], ends[-1]
        yield {
            "provider": f"{provider.application}:{provider.endpoint}",
            "requirer": f"{requirer.application}:{requirer.endpoint}",
            "interface": relation.interface,
            "type": "peer" if relation.peer else "regular",
            "message": "" if relation.life == "alive" else "removing",
        }


def _relation(relation: Relation, application: Application, shown: Unit) -> dict[str, Any]:
    remote = relation.remote(application.name)
    local = relation.local(application.name) or remote
    others = sorted(
        (name for name in relation.scope if application_of(name) == remote.application and name != shown.name),
        key=order,
    )
    return {
        "relation-id": relation.id,
        "endpoint": local.endpoint,
        "related-endpoint": remote.endpoint,
        "application-data": _data(relation.applications, remote.application),
        "local-unit": _in_scope(relation, shown.name),
        "related-units": {name: _in_scope(relation, name) for name in others},
    }


def _in_scope(relation: Relation, name: str) -> dict[str, Any]:
    return {"in-scope": name in relation.scope, "data": _data(relation.units, name)}


def _data(bags: Mapping[str, Bag], owner: str) -> dict[str, str]:
    return dict(bags.get(owner, Bag()).data)


def _says_anything(relation: Mapping[str, Any]) -> bool:
    return bool(relation["application-data"] or relation["related-units"] or relation["local-unit"]["data"])
