#!/usr/bin/env python3
"""Keeps a shelf of dashboards, and puts there what related applications send."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are beside this file
    from paas_local.providers.common import provider
    from paas_local.providers.grafana_k8s.charm.src import dashboards
else:
    import dashboards
    import provider

PORT = 3000
SHELF = "/etc/grafana/dashboards.json"


class GrafanaCharm(provider.ProviderCharm):
    """The dashboards of all related applications."""

    endpoints = ("grafana-dashboard",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-dashboards"].action, self._list_dashboards)

    def server(self) -> provider.Server:
        """Run it with what can be shown; what cannot is told by :meth:`publish`."""
        return provider.Server(
            container="grafana",
            command=f"/bin/python3 /grafana/server.py --port {PORT} --shelf {SHELF}",
            port=PORT,
            files={SHELF: dashboards.shelf(self._good())},
            reload=(),
        )

    def publish(self, relation: ops.Relation) -> None:
        """Tell the application, and the operator, which of its dashboards cannot be shown."""
        faults = dashboards.bad(_sent(relation))
        provider.write(relation.data[self.app], {"event": dashboards.event(faults)})
        if faults:
            raise provider.invalid(relation, "; ".join(f"{fault.name}: {fault.reason}" for fault in faults))

    def _good(self) -> Iterator[dashboards.Dashboard]:
        for relation in self.clients:
            # what cannot be read is told when it would be published
            with contextlib.suppress(provider.RefusedError):
                yield from dashboards.good(_sent(relation))

    def _list_dashboards(self, event: ops.ActionEvent) -> None:
        def listed() -> Iterator[dict[str, str]]:
            for found in provider.ask(PORT, "/api/search"):
                panels = provider.ask(PORT, f"/panels/{found['uid']}")
                yield {
                    "title": found["title"],
                    "uid": found["uid"],
                    "application": ", ".join(found["applications"]),
                    "panels": ", ".join(panel["title"] or panel["type"] for panel in panels),
                }

        self.answer(event, "dashboards", listed)


def _sent(relation: ops.Relation) -> tuple[dashboards.Dashboard | dashboards.Fault, ...]:
    try:
        return dashboards.read(relation.data[relation.app], relation.app.name)
    except dashboards.InvalidError as reason:
        raise provider.invalid(relation, reason) from reason


if __name__ == "__main__":
    ops.main(GrafanaCharm)
