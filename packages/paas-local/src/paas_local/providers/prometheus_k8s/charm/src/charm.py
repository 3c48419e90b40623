#!/usr/bin/env python3
"""Keeps a scraper of metrics running, and has it scrape what related applications publish."""

import contextlib
import itertools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are beside this file
    from paas_local.providers.common import provider
    from paas_local.providers.prometheus_k8s.charm.src import scraping
else:
    import provider
    import scraping

PORT = 9090
CONFIG = "/prometheus/config.json"
SHOWN = 100


class PrometheusCharm(provider.ProviderCharm):
    """A scraper of all related applications."""

    endpoints = ("metrics-endpoint",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-targets"].action, self._list_targets)
        framework.observe(self.on["list-metrics"].action, self._list_metrics)

    def server(self) -> provider.Server:
        """Run it with what can be scraped; what cannot be read of one application is told by :meth:`publish`."""
        wishes = list(self._wishes())
        config = {
            "targets": [target for wish in wishes for target in wish.targets],
            "groups": [group for wish in wishes for group in wish.groups],
        }
        return provider.Server(
            container="prometheus",
            command=f"/bin/python3 /prometheus/server.py --port {PORT} --config {CONFIG}",
            port=PORT,
            files={CONFIG: json.dumps(config, indent=1)},
        )

    def publish(self, relation: ops.Relation) -> None:
        """Have nothing to say to the application, but to the operator where it wrote what cannot be read."""
        _wish(relation)

    def _wishes(self) -> Iterator[scraping.Wish]:
        for relation in self.clients:
            # what cannot be read is told when it would be published
            with contextlib.suppress(provider.RefusedError):
                yield _wish(relation)

    def _list_targets(self, event: ops.ActionEvent) -> None:
        def targets() -> Iterator[dict[str, str]]:
            for target in _data("targets")["activeTargets"]:
                unit = target["labels"].get("juju_unit", "")
                error = {"error": target["lastError"]} if target["lastError"] else {}
                shown = {"job": target["scrapePool"], "url": target["scrapeUrl"], "health": target["health"]}
                yield {**shown, "unit": unit, **error}

        self.answer(event, "targets", targets)

    def _list_metrics(self, event: ops.ActionEvent) -> None:
        query = urlencode({"query": event.params.get("query", "{}")})

        def metrics() -> Iterator[dict[str, str]]:
            result = _data(f"query?{query}")["result"]
            for sample in itertools.islice(result, event.params.get("limit", SHOWN)):
                labels = dict(sample["metric"])
                name = labels.pop("__name__")
                written = ", ".join(f"{label}={json.dumps(value)}" for label, value in sorted(labels.items()))
                yield {"metric": f"{name}{{{written}}}", "value": sample["value"][1]}

        self.answer(event, "metrics", metrics)


def _wish(relation: ops.Relation) -> scraping.Wish:
    """Read what an application wants scraped."""
    try:
        return scraping.read(relation.data[relation.app], {unit.name: relation.data[unit] for unit in relation.units})
    except scraping.InvalidError as reason:
        raise provider.invalid(relation, reason) from reason


def _data(path: str) -> Any:
    return provider.ask(PORT, f"/api/v1/{path}")["data"]


if __name__ == "__main__":
    ops.main(PrometheusCharm)
