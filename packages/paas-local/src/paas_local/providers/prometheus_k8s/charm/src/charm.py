#!/usr/bin/env python3
"""A charm that runs a scraper of metrics, for the targets of related applications."""

import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import observability, provider
    from paas_local.providers.prometheus_k8s.charm.src import scraping
else:
    import observability
    import provider
    import scraping

PORT = 9090
CONFIG = "/prometheus/config.json"
DASHBOARD = Path(__file__).parent / "grafana_dashboards/prometheus.json"
DEFAULT_LIMIT = 100
ALL = '{__name__!=""}'


class PrometheusCharm(provider.ProviderCharm):
    """A scraper of all related applications."""

    endpoints = ("metrics-endpoint", "self-metrics-endpoint", "grafana-source", "grafana-dashboard", "ingress")
    invalid = (scraping.InvalidError,)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-targets"].action, self._list_targets)
        framework.observe(self.on["list-metrics"].action, self._list_metrics)
        framework.observe(self.on["validate-configuration"].action, self._validate)

    def server(self) -> provider.Server:
        """Describe the scraper with all valid targets; :meth:`publish` reports the invalid ones."""
        requests = [request for _, request in self.requests(_read)]
        config = {
            "targets": [target for request in requests for target in request.targets],
            "groups": [group for request in requests for group in request.groups],
        }
        return provider.Server(
            container="prometheus",
            command=f"/bin/python3 -m prometheus.server --port {PORT} --config {CONFIG}",
            environment={"PYTHONPATH": "/"},
            port=PORT,
            files={CONFIG: json.dumps(config, indent=1)},
            reload=(),
        )

    def serve(self, relations: Iterable[ops.Relation]) -> None:
        """Publish to every client; the unit is active once a related ingress has answered."""
        super().serve(relations)
        observability.check_ingress(self, "ingress")

    def publish(self, relation: ops.Relation) -> None:
        """Write what each kind of client reads; invalid scrape jobs are an error for the operator."""
        match relation.name:
            case "metrics-endpoint":
                _read(relation)
            case "self-metrics-endpoint":
                observability.write_metrics(self, relation, PORT)
            case "grafana-source":
                observability.write_source(self, relation, "prometheus", PORT)
            case "grafana-dashboard":
                observability.write_dashboard(self, relation, DASHBOARD)
            case _:
                observability.write_unit_ingress(self, relation, PORT)

    def _list_targets(self, event: ops.ActionEvent) -> None:
        def targets() -> Iterator[dict[str, str]]:
            for target in _data("targets")["activeTargets"]:
                unit = target["labels"].get("juju_unit", "")
                error = {"error": target["lastError"]} if target["lastError"] else {}
                row = {"job": target["scrapePool"], "url": target["scrapeUrl"], "health": target["health"]}
                yield {**row, "unit": unit, **error}

        self.answer(event, "targets", targets)

    def _list_metrics(self, event: ops.ActionEvent) -> None:
        query = urlencode({"query": event.params.get("query", ALL)})

        def metrics() -> Iterator[dict[str, str]]:
            result = _data(f"query?{query}")["result"]
            for sample in itertools.islice(result, event.params.get("limit", DEFAULT_LIMIT)):
                labels = dict(sample["metric"])
                name = labels.pop("__name__", "")
                text = ", ".join(f"{label}={json.dumps(value)}" for label, value in sorted(labels.items()))
                yield {"metric": f"{name}{{{text}}}", "value": sample["value"][1]}

        self.answer(event, "metrics", metrics)

    def _validate(self, event: ops.ActionEvent) -> None:
        """Set the results that promtool gives on Charmhub: a summary, the problems, and whether there are none."""
        requests = [request for _, request in self.requests(_read)]
        targets, groups = sum(len(each.targets) for each in requests), sum(len(each.groups) for each in requests)
        problems = [problem for relation in self.clients if (problem := self.publish_problem(relation))]
        result = f"valid: {targets} targets, {groups} groups of alert rules"
        event.set_results({"result": result, "error-message": "; ".join(problems), "valid": not problems})


def _read(relation: ops.Relation) -> scraping.Request:
    return scraping.read(relation.data[relation.app], {unit.name: relation.data[unit] for unit in relation.units})


def _data(path: str) -> Any:
    return provider.ask(PORT, f"/api/v1/{path}")["data"]


if __name__ == "__main__":
    ops.main(PrometheusCharm)
