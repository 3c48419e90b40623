#!/usr/bin/env python3
"""A charm that runs a reverse proxy, with a path for each related application or unit."""

import dataclasses
import json
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import ops
import yaml

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common import observability, provider
    from paas_local.providers.traefik_k8s.charm.src import routes, traefik_routes
else:
    import observability
    import provider
    import routes
    import traefik_routes

CONFIGURATION = f"{routes.DATA}/caddy.json"
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?")
_ANSWERS = {
    "ingress": ("ingress",),
    "ingress-per-unit": ("ingress",),
    "traefik-route": ("external_host", "scheme"),
}
"""The endpoints of routes, each with the keys of its answer."""


class TraefikCharm(provider.ProviderCharm):
    """An ingress for all applications of the model."""

    endpoints = ("ingress", "ingress-per-unit", "traefik-route", "metrics-endpoint")
    invalid = (routes.InvalidError, traefik_routes.InvalidError)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["show-proxied-endpoints"].action, self._show_proxied)
        framework.observe(self.on["show-external-endpoints"].action, self._show_external)
        framework.observe(self.on["get-ca-certificate"].action, self._get_ca_certificate)

    def server(self) -> provider.Server:
        """Describe the proxy with the routes of all valid requests."""
        text = routes.configuration(
            (route for _, route in self._routes().values()),
            (self.browser_port, routes.HTTP_PORT),
            https_ports=(self.https_port, routes.HTTPS_PORT),
            name=self._certificate_name,
        )
        return provider.Server(
            container="traefik",
            command=f"/bin/caddy run --config {CONFIGURATION}",
            port=self.browser_port,
            more_ports=(self.https_port,),
            files={CONFIGURATION: text},
            environment={"HOME": "/tmp"},  # noqa: S108 - of its container
            user=None,
        )

    def publish(self, relation: ops.Relation) -> None:
        """Write the URLs of the application or its units, or remove them."""
        if relation.name == "metrics-endpoint":
            observability.write_metrics(self, relation, routes.METRICS_PORT)
            return
        try:
            answer = self._answer(relation)
        except (provider.RefusedError, *self.invalid):
            provider.write(relation.data[self.app], dict.fromkeys(_ANSWERS[relation.name], ""))
            raise
        provider.write(relation.data[self.app], answer)

    def _answer(self, relation: ops.Relation) -> Mapping[str, str]:
        requested = _read(relation)
        for route in requested.values():
            first, _ = self._routes()[self._served(relation, route).request]
            if first != relation:
                raise provider.RefusedError(
                    f"{relation.app.name} asks for {route.domain}{route.prefix}, which {first.app.name} has already"
                )
        if relation.name == "traefik-route":
            scheme, host = self._address
            return {"scheme": scheme, "external_host": host}
        urls = {name: {"url": self._url_of(route)} for name, route in requested.items()}
        if relation.name == "ingress-per-unit":
            return {"ingress": yaml.safe_dump(urls) if urls else ""}
        return {"ingress": json.dumps(urls[relation.app.name]) if urls else ""}

    def _routes(self) -> Mapping[tuple[str, str], tuple[ops.Relation, routes.Route]]:
        """Return each kind of requests with the oldest relation that asks for it."""
        served: dict[tuple[str, str], tuple[ops.Relation, routes.Route]] = {}
        for relation, requested in self._requested():
            for request in requested.values():
                route = self._served(relation, request)
                served.setdefault(route.request, (relation, route))
        return served

    def _requested(self) -> Iterator[tuple[ops.Relation, Mapping[str, routes.Route]]]:
        """Yield each client with the routes that it asks for, in the order of the relation ids."""
        return self.requests(_read, *_ANSWERS)

    def _served(self, relation: ops.Relation, route: routes.Route) -> routes.Route:
        """Return the route of the proxy; an application that sends Traefik's configuration chooses its own."""
        if relation.name == "traefik-route" or not self._subdomains:
            return route
        return routes.in_subdomain(route, self._certificate_name)

    def _url_of(self, route: routes.Route) -> str:
        if self.config["routing_mode"] not in {"path", "subdomain"}:
            raise provider.RefusedError("invalid option routing_mode (must be path or subdomain)")
        if self._subdomains and not self._external_hostname:
            raise provider.RefusedError("option routing_mode=subdomain needs the option external_hostname")
        scheme, host = self._address
        return routes.url(route, scheme, host, subdomain=self._subdomains)

    @property
    def _subdomains(self) -> bool:
        return self.config["routing_mode"] == "subdomain"

    @property
    def _address(self) -> tuple[str, str]:
        """Return the scheme of the URLs, and the host with its port."""
        scheme, port = ("https", self.https_port) if self.config["https"] else ("http", self.browser_port)
        return scheme, self._external_hostname or f"{self.browser_host}:{port}"

    @property
    def _certificate_name(self) -> str:
        """The host in the certificate; :meth:`publish` reports an invalid option."""
        host = str(self.config.get("external_hostname", ""))
        return host.partition(":")[0] if _HOST.fullmatch(host) else self.browser_host

    @property
    def _external_hostname(self) -> str:
        host = str(self.config.get("external_hostname", ""))
        if host and not _HOST.fullmatch(host):
            raise provider.RefusedError("invalid option external_hostname (must be a host, or host:port)")
        return host

    def _get_ca_certificate(self, event: ops.ActionEvent) -> None:
        try:
            with self.unit.get_container("traefik").pull(routes.CA_CERTIFICATE) as file:
                event.set_results({"ca-certificate": str(file.read())})
        except ops.pebble.Error:
            event.fail("the proxy has no CA yet; juju status shows the reason")

    def _show_proxied(self, event: ops.ActionEvent) -> None:
        self._show(event, "proxied")

    def _show_external(self, event: ops.ActionEvent) -> None:
        self._show(event, "external")

    def _show(self, event: ops.ActionEvent, kind: str) -> None:
        try:
            own = {self.app.name: {"url": "://".join(self._address)}}
            proxied = {
                name: {"url": self._url_of(route)}
                for relation, requested in self._requested()
                for name, route in requested.items()
                if relation.name != "traefik-route"
            }
        except provider.RefusedError as reason:
            event.fail(str(reason))
            return
        event.set_results({f"{kind}-endpoints": json.dumps({**own, **proxied})})


def _read(relation: ops.Relation) -> Mapping[str, routes.Route]:
    """Read the routes that a client asks for, by the name of the application or unit that each is for."""
    app, units = relation.data[relation.app], [relation.data[unit] for unit in relation.units]
    if relation.name == "traefik-route":
        routers = traefik_routes.read(app) or ()
        return {str(number): routes.Route(**dataclasses.asdict(router)) for number, router in enumerate(routers)}
    if relation.name == "ingress-per-unit":
        return dict(sorted(read for unit in units if (read := routes.read_unit(unit))))
    route = routes.read(app, units)
    return {relation.app.name: route} if route else {}


if __name__ == "__main__":
    ops.main(TraefikCharm)
