#!/usr/bin/env python3
"""A charm that runs a server of dashboards, and passes on to it those of related applications."""

import secrets
from collections.abc import Iterator
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import provider
    from paas_local.providers.grafana_k8s.charm.src import dashboards
else:
    import dashboards
    import provider

PORT = 3000
DASHBOARDS = "/etc/grafana/dashboards.json"


class GrafanaCharm(provider.ProviderCharm):
    """The dashboards of all related applications."""

    endpoints = ("grafana-dashboard",)
    invalid = (dashboards.InvalidError,)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-dashboards"].action, self._list_dashboards)
        framework.observe(self.on["get-admin-password"].action, self._get_admin_password)

    def server(self) -> provider.Server:
        """Describe the server with all valid dashboards; :meth:`publish` reports the others."""
        return provider.Server(
            container="grafana",
            command=f"/bin/python3 /grafana/server.py --port {PORT} --dashboards {DASHBOARDS}",
            port=PORT,
            files={DASHBOARDS: dashboards.document(self._valid())},
            reload=(),
            environment={
                "GRAFANA_USER": self._login[0],
                "GRAFANA_PASSWORD": self._login[1],
                "GRAFANA_ANONYMOUS": "1" if self.config["allow_anonymous_access"] else "",
            },
        )

    def publish(self, relation: ops.Relation) -> None:
        """Report to the application, and to the operator, which of its dashboards are invalid."""
        invalid = dashboards.invalid(_read(relation))
        provider.write(relation.data[self.app], {"event": dashboards.event(invalid)})
        if invalid:
            raise provider.invalid(relation, "; ".join(f"{each.name}: {each.reason}" for each in invalid))

    def _valid(self) -> Iterator[dashboards.Dashboard]:
        for _, sent in self.requests(_read):
            yield from dashboards.valid(sent)

    @property
    def _login(self) -> tuple[str, str]:
        """The administrator's name and password."""
        password = self.own_secret("admin", lambda: {"password": secrets.token_hex(16)})["password"]
        return str(self.config["admin_user"]), password

    def _get_admin_password(self, event: ops.ActionEvent) -> None:
        event.set_results({"url": f"http://{self.host}:{PORT}", "admin-password": self._login[1]})

    def _list_dashboards(self, event: ops.ActionEvent) -> None:
        def rows() -> Iterator[dict[str, str]]:
            for dashboard in provider.ask(PORT, "/api/search", login=self._login):
                panels = provider.ask(PORT, f"/panels/{dashboard['uid']}", login=self._login)
                yield {
                    "title": dashboard["title"],
                    "uid": dashboard["uid"],
                    "application": ", ".join(dashboard["applications"]),
                    "panels": ", ".join(panel["title"] or panel["type"] for panel in panels),
                }

        self.answer(event, "dashboards", rows)


def _read(relation: ops.Relation) -> tuple[dashboards.Dashboard | dashboards.Invalid, ...]:
    return dashboards.read(relation.data[relation.app], relation.app.name)


if __name__ == "__main__":
    ops.main(GrafanaCharm)
