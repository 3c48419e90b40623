#!/usr/bin/env python3
"""Keeps a receiver of logs running, and tells clients where it is."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is beside this file
    from paas_local.providers.common import provider
else:
    import provider

PORT = 3100
SHOWN = 100


class LokiCharm(provider.ProviderCharm):
    """A receiver of logs, which all clients share."""

    endpoints = ("logging",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-logs"].action, self._list_logs)

    def server(self) -> provider.Server:
        """Run it."""
        command = f"/bin/python3 /loki/server.py --port {PORT}"
        return provider.Server(container="loki", command=command, port=PORT)

    def publish(self, relation: ops.Relation) -> None:
        """Tell each client where this unit is sent lines, and whether its alert rules can be read."""
        url = f"http://{self.fqdn}:{PORT}/loki/api/v1/push"
        told = {"endpoint": json.dumps({"url": url}), "public_address": self.fqdn}
        provider.write(relation.data[self.unit], told)
        if (rules := relation.data[relation.app].get("alert_rules")) is not None:
            fault = _fault(rules)
            provider.write(relation.data[self.app], {"event": json.dumps({"valid": not fault, "errors": fault})})

    def _list_logs(self, event: ops.ActionEvent) -> None:
        # Without braces, which YAML would take for a mapping on the command line.
        asked = {"query": f"{{{event.params.get('labels', '')}}}", "limit": event.params.get("limit", SHOWN)}

        def lines() -> Iterator[dict[str, object]]:
            answer = provider.ask(PORT, f"/loki/api/v1/query_range?{urlencode(asked)}")
            found = [
                (time, line, stream["stream"]) for stream in answer["data"]["result"] for time, line in stream["values"]
            ]
            for time, line, labels in sorted(found, key=lambda each: int(each[0]), reverse=True):
                service, unit = labels.get("pebble_service", ""), labels.get("juju_unit", "")
                yield {"time": time, "unit": unit, "service": service, "line": line}

        self.answer(event, "logs", lines)


def _fault(rules: str) -> str:
    """Say why alert rules cannot be read; nothing where they can, or where there are none."""
    try:
        document: object = json.loads(rules)
    except json.JSONDecodeError as error:
        return f"alert_rules is not JSON: {error}"
    if not isinstance(document, dict):
        return "alert_rules is no object"
    groups = cast("dict[str, object]", document).get("groups", [])
    return "" if isinstance(groups, list) else "alert_rules: groups is no list"


if __name__ == "__main__":
    ops.main(LokiCharm)
