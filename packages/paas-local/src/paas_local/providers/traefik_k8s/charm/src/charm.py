#!/usr/bin/env python3
"""A charm that runs a reverse proxy, with a path for each related application."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common import provider
    from paas_local.providers.traefik_k8s.charm.src import routes
else:
    import provider
    import routes

CONFIGURATION = f"{routes.DATA}/caddy.json"
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?")


class TraefikCharm(provider.ProviderCharm):
    """An ingress for all applications of the model."""

    endpoints = ("ingress",)
    invalid = (routes.InvalidError,)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["show-proxied-endpoints"].action, self._show_proxied)
        framework.observe(self.on["show-external-endpoints"].action, self._show_external)
        framework.observe(self.on["get-ca-certificate"].action, self._get_ca_certificate)

    def server(self) -> provider.Server:
        """Describe the proxy with the routes of all valid requests."""
        text = routes.configuration(
            (route for _, route in self._routes().values()),
            self.browser_port,
            https_port=self.https_port,
            name=self._certificate_name,
            subdomains=self._subdomains,
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
        """Write the URL of the application, or remove it."""
        try:
            url = self._url(relation)
        except (provider.RefusedError, routes.InvalidError):
            provider.write(relation.data[self.app], {"ingress": ""})
            raise
        provider.write(relation.data[self.app], {"ingress": json.dumps({"url": url}) if url else ""})

    def _url(self, relation: ops.Relation) -> str | None:
        route = _read(relation)
        if route is None:
            return None
        first, _ = self._routes()[route.prefix]
        if first != relation:
            raise provider.RefusedError(
                f"{relation.app.name} asks for {route.prefix}, which {first.app.name} has already"
            )
        return self._url_of(route)

    def _routes(self) -> Mapping[str, tuple[ops.Relation, routes.Route]]:
        """Return each prefix with the oldest relation that requests it."""
        by_prefix: dict[str, tuple[ops.Relation, routes.Route]] = {}
        for relation, route in self.requests(_read):
            by_prefix.setdefault(route.prefix, (relation, route))
        return by_prefix

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
            proxied = {relation.app.name: {"url": self._url_of(route)} for relation, route in self._routes().values()}
        except provider.RefusedError as reason:
            event.fail(str(reason))
            return
        event.set_results({f"{kind}-endpoints": json.dumps({**own, **proxied})})


def _read(relation: ops.Relation) -> routes.Route | None:
    return routes.read(relation.data[relation.app], (relation.data[unit] for unit in relation.units))


if __name__ == "__main__":
    ops.main(TraefikCharm)
