#!/usr/bin/env python3
"""A charm that runs a server of dashboards, and passes on to it those and the data sources of related applications."""

import secrets
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import ops
import yaml

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import observability, provider
    from paas_local.providers.grafana_k8s.charm.src import dashboards, sources
else:
    import dashboards
    import observability
    import provider
    import sources

PORT = 3000
DASHBOARDS = "/etc/grafana/dashboards.json"
SOURCES = "/etc/grafana/sources.json"


class GrafanaCharm(provider.ProviderCharm):
    """The dashboards and data sources of all related applications."""

    endpoints = ("grafana-dashboard", "grafana-source", "metrics-endpoint", "ingress")
    invalid = (dashboards.InvalidError, sources.InvalidError)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["list-dashboards"].action, self._list_dashboards)
        framework.observe(self.on["get-admin-password"].action, self._get_admin_password)

    def server(self) -> provider.Server:
        """Describe the server with all valid dashboards; :meth:`publish` reports the others."""
        return provider.Server(
            container="grafana",
            command=f"/bin/python3 -m grafana.server --port {PORT} --dashboards {DASHBOARDS} --sources {SOURCES}",
            port=PORT,
            files={DASHBOARDS: dashboards.document(self._valid()), SOURCES: sources.document(self._sources())},
            reload=(),
            environment={
                "PYTHONPATH": "/",
                "GRAFANA_USER": self._login[0],
                "GRAFANA_PASSWORD": self._login[1],
                "GRAFANA_ANONYMOUS": "1" if self.config["allow_anonymous_access"] else "",
            },
        )

    def serve(self, relations: Iterable[ops.Relation]) -> None:
        """Publish to every client; the unit is active once a related ingress has answered."""
        super().serve(relations)
        observability.check_ingress(self, "external_host")

    def publish(self, relation: ops.Relation) -> None:
        """Write what each kind of client reads."""
        match relation.name:
            case "grafana-dashboard":
                self._publish_problems(relation)
            case "grafana-source":
                uid = f"juju_{self.model.name}_{self.model.uuid}_{self.app.name}_0"
                own = {"grafana_uid": uid, "grafana_base_url": self._url}
                provider.write(relation.data[self.app], {**own, **sources.uids(_read_sources(relation))})
            case "metrics-endpoint":
                observability.write_metrics(self, relation, PORT)
            case _:
                provider.write(relation.data[self.app], {"config": yaml.safe_dump(self._route())})

    def _publish_problems(self, relation: ops.Relation) -> None:
        """Report to the application, and to the operator, which of its dashboards are invalid."""
        invalid = dashboards.invalid(_read(relation))
        provider.write(relation.data[self.app], {"event": dashboards.event(invalid)})
        if invalid:
            raise provider.invalid(relation, "; ".join(f"{each.name}: {each.reason}" for each in invalid))

    def _route(self) -> dict[str, object]:
        """Return the route to this server, in the form of Traefik's configuration."""
        name = f"juju-{self._prefix}"
        router = {"rule": f"PathPrefix(`/{self._prefix}`)", "service": name, "middlewares": [name]}
        return {
            "http": {
                "routers": {name: {"entryPoints": ["web"], **router}},
                "middlewares": {name: {"stripPrefix": {"prefixes": [f"/{self._prefix}"]}}},
                "services": {name: {"loadBalancer": {"servers": [{"url": f"http://{self.host}:{PORT}"}]}}},
            }
        }

    @property
    def _prefix(self) -> str:
        return f"{self.model.name}-{self.app.name}"

    @property
    def _url(self) -> str:
        """The URL behind the ingress; without one, that inside the cluster."""
        for relation in self.model.relations["ingress"]:
            answer = relation.data[relation.app]
            if relation.active and answer.get("external_host"):
                return f"{answer.get('scheme') or 'http'}://{answer['external_host']}/{self._prefix}"
        return f"http://{self.host}:{PORT}"

    def _sources(self) -> Iterator[sources.Source]:
        for _, sent in self.requests(_read_sources, "grafana-source"):
            yield from sent

    def _valid(self) -> Iterator[dashboards.Dashboard]:
        for _, sent in self.requests(_read):
            yield from dashboards.valid(sent)

    @property
    def _login(self) -> tuple[str, str]:
        """The administrator's name and password."""
        password = self.own_secret("admin", lambda: {"password": secrets.token_hex(16)})["password"]
        return str(self.config["admin_user"]), password

    def _get_admin_password(self, event: ops.ActionEvent) -> None:
        event.set_results({"url": self._url, "admin-password": self._login[1]})

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


def _read_sources(relation: ops.Relation) -> tuple[sources.Source, ...]:
    return sources.read(relation.data[relation.app], {unit.name: relation.data[unit] for unit in relation.units})


if __name__ == "__main__":
    ops.main(GrafanaCharm)
