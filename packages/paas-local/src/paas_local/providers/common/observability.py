"""Databags that the observability charms write for each other, with the keys of the real libraries.

Addresses are those of the units inside the cluster: a pod of another model does not resolve the name of an ingress.
"""

import base64
import hashlib
import json
import lzma
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common import provider
else:
    import provider


def write_metrics(charm: provider.ProviderCharm, relation: ops.Relation, port: int) -> None:
    """Ask for a scrape of a port of each unit (``prometheus_scrape``)."""
    jobs = [{"metrics_path": "/metrics", "static_configs": [{"targets": [f"*:{port}"]}]}]
    app = {"scrape_metadata": topology(charm), "scrape_jobs": jobs, "alert_rules": {}}
    provider.write(relation.data[charm.app], {key: json.dumps(value) for key, value in app.items()})
    unit = {"address": charm.ip, "name": charm.unit.name, "fqdn": charm.fqdn}
    provider.write(relation.data[charm.unit], {f"prometheus_scrape_unit_{key}": value for key, value in unit.items()})


def write_source(charm: provider.ProviderCharm, relation: ops.Relation, kind: str, port: int) -> None:
    """Offer the server of this unit as a data source (``grafana_datasource``)."""
    names = {"model": charm.model.name, "model_uuid": charm.model.uuid, "application": charm.app.name}
    data = {**names, "type": kind, "extra_fields": None, "secure_extra_fields": None}
    provider.write(relation.data[charm.app], {"grafana_source_data": json.dumps(data)})
    provider.write(relation.data[charm.unit], {"grafana_source_host": f"http://{charm.fqdn}:{port}"})


def write_unit_ingress(charm: provider.ProviderCharm, relation: ops.Relation, port: int) -> None:
    """Ask for a route to this unit, whose prefix the proxy removes (``ingress_per_unit``)."""
    request = {"model": charm.model.name, "name": charm.unit.name, "host": charm.fqdn, "port": str(port)}
    provider.write(relation.data[charm.unit], {**request, "mode": "http", "scheme": "http", "strip-prefix": "true"})


def check_ingress(charm: provider.ProviderCharm, key: str) -> None:
    """Raise ``NotReadyError`` while an ingress is related and has not written the key of its answer."""
    for relation in charm.model.relations["ingress"]:
        if relation.active and not relation.data[relation.app].get(key):
            raise provider.NotReadyError(f"waiting for {relation.app.name} to provide a URL")


def write_dashboard(charm: provider.ProviderCharm, relation: ops.Relation, file: Path) -> None:
    """Send a dashboard (``grafana_dashboard``); what should differ for each content is derived from it."""
    content = {**json.loads(file.read_text(encoding="utf-8")), "uid": _digest(charm.meta.name)}
    template = {
        "charm": charm.meta.name,
        "content": base64.b64encode(lzma.compress(json.dumps(content).encode())).decode(),
        "juju_topology": topology(charm),
        "inject_dropdowns": True,
        "dashboard_alt_uid": content["uid"],
    }
    templates = {f"file:{file.stem}": template}
    identity = str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(templates)))
    provider.write(relation.data[charm.app], {"dashboards": json.dumps({"templates": templates, "uuid": identity})})


def topology(charm: provider.ProviderCharm) -> dict[str, str]:
    """Return the place of a unit in Juju, as the labels of its metrics have it."""
    return {
        "model": charm.model.name,
        "model_uuid": charm.model.uuid,
        "application": charm.app.name,
        "unit": charm.unit.name,
        "charm_name": charm.meta.name,
    }


def _digest(text: str) -> str:
    return hashlib.shake_256(text.encode()).hexdigest(20)
