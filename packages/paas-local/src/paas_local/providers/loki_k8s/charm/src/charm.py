#!/usr/bin/env python3
"""A charm that runs a receiver of logs, and publishes its address."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import observability, provider
else:
    import observability
    import provider

PORT = 3100
DEFAULT_LIMIT = 100
DASHBOARD = Path(__file__).parent / "grafana_dashboards/loki.json"


class LokiCharm(provider.ProviderCharm):
    """A receiver of logs, which all clients share."""

    endpoints = ("logging", "metrics-endpoint", "grafana-source", "grafana-dashboard", "ingress")

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-logs"].action, self._list_logs)

    def server(self) -> provider.Server:
        """Describe the receiver."""
        command = f"/bin/python3 /loki/server.py --port {PORT}"
        return provider.Server(container="loki", command=command, port=PORT)

    def serve(self, relations: Iterable[ops.Relation]) -> None:
        """Publish to every client; the unit is active once a related ingress has answered."""
        super().serve(relations)
        observability.check_ingress(self, "ingress")

    def publish(self, relation: ops.Relation) -> None:
        """Write what each kind of client reads."""
        match relation.name:
            case "logging":
                self._publish_address(relation)
            case "metrics-endpoint":
                observability.write_metrics(self, relation, PORT)
            case "grafana-source":
                observability.write_source(self, relation, "loki", PORT)
            case "grafana-dashboard":
                observability.write_dashboard(self, relation, DASHBOARD)
            case _:
                observability.write_unit_ingress(self, relation, PORT)

    def _publish_address(self, relation: ops.Relation) -> None:
        """Write the address that takes lines, and the error in a client's alert rules."""
        url = f"http://{self.fqdn}:{PORT}/loki/api/v1/push"
        values = {"endpoint": json.dumps({"url": url}), "public_address": self.fqdn}
        provider.write(relation.data[self.unit], values)
        if (rules := relation.data[relation.app].get("alert_rules")) is not None:
            error = _error(rules)
            provider.write(relation.data[self.app], {"event": json.dumps({"valid": not error, "errors": error})})

    def _list_logs(self, event: ops.ActionEvent) -> None:
        # Without braces, which YAML would take for a mapping on the command line.
        query = {"query": f"{{{event.params.get('labels', '')}}}", "limit": event.params.get("limit", DEFAULT_LIMIT)}

        def lines() -> Iterator[dict[str, object]]:
            answer = provider.ask(PORT, f"/loki/api/v1/query_range?{urlencode(query)}")
            entries = [
                (time, line, stream["stream"]) for stream in answer["data"]["result"] for time, line in stream["values"]
            ]
            for time, line, labels in sorted(entries, key=lambda entry: int(entry[0]), reverse=True):
                service, unit = labels.get("pebble_service", ""), labels.get("juju_unit", "")
                yield {"time": time, "unit": unit, "service": service, "line": line}

        self.answer(event, "logs", lines)


def _error(rules: str) -> str:
    """Return the error in alert rules; empty if they can be read."""
    try:
        document: object = json.loads(rules)
    except json.JSONDecodeError as error:
        return f"alert_rules is not JSON: {error}"
    if not isinstance(document, dict):
        return "alert_rules is not an object"
    groups = cast("dict[str, object]", document).get("groups", [])
    return "" if isinstance(groups, list) else "alert_rules: groups is not a list"


if __name__ == "__main__":
    ops.main(LokiCharm)
