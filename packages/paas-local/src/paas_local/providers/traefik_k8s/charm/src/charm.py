#!/usr/bin/env python3
"""Keeps a reverse proxy running, and gives each related application an address there."""

import contextlib
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is beside this file
    from paas_local.providers.common import provider
    from paas_local.providers.traefik_k8s.charm.src import routes
else:
    import provider
    import routes

CONFIGURATION = "/etc/caddy/caddy.json"
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?")


class TraefikCharm(provider.ProviderCharm):
    """A way in from outside, for all applications of the model."""

    endpoints = ("ingress",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on.show_proxied_endpoints_action, self._show)

    def server(self) -> provider.Server:
        """Route to all who asked properly."""
        text = routes.configuration((route for _, route in self._routes().values()), self.browser_port)
        return provider.Server(
            container="traefik",
            command=f"/bin/caddy run --config {CONFIGURATION}",
            port=self.browser_port,
            files={CONFIGURATION: text},
            environment={"HOME": "/tmp"},  # noqa: S108 - of its container
        )

    def publish(self, relation: ops.Relation) -> None:
        """Give the application its address, or take it back."""
        try:
            url = self._url(relation)
        except provider.RefusedError:
            provider.write(relation.data[self.app], {"ingress": ""})
            raise
        provider.write(relation.data[self.app], {"ingress": json.dumps({"url": url}) if url else ""})

    def _url(self, relation: ops.Relation) -> str | None:
        route = _asked(relation)
        if route is None:
            return None
        first, _ = self._routes()[route.prefix]
        if first != relation:
            raise provider.RefusedError(f"{relation.app.name} asks for {route.prefix}, which {first.app.name} has")
        return self._address + route.prefix

    def _routes(self) -> Mapping[str, tuple[ops.Relation, routes.Route]]:
        """Give each prefix to whom asked for it first."""
        found: dict[str, tuple[ops.Relation, routes.Route]] = {}
        for relation in sorted(self.clients, key=lambda relation: relation.id):
            # what cannot be is told when it would be published
            with contextlib.suppress(provider.RefusedError):
                if route := _asked(relation):
                    found.setdefault(route.prefix, (relation, route))
        return found

    @property
    def _address(self) -> str:
        given = str(self.config.get("external_hostname", ""))
        if given and not _HOST.fullmatch(given):
            raise provider.RefusedError("invalid option external_hostname (must be a host, or host:port)")
        return f"http://{given}" if given else self.browser_url

    def _show(self, event: ops.ActionEvent) -> None:
        try:
            own = {self.app.name: {"url": self._address}}
        except provider.RefusedError as reason:
            event.fail(str(reason))
            return
        behind = {
            relation.app.name: {"url": self._address + prefix} for prefix, (relation, _) in self._routes().items()
        }
        event.set_results({"proxied-endpoints": json.dumps({**own, **behind})})


def _asked(relation: ops.Relation) -> routes.Route | None:
    """Read what an application and its units have written."""
    try:
        return routes.read(relation.data[relation.app], (relation.data[unit] for unit in relation.units))
    except routes.InvalidError as reason:
        raise provider.invalid(relation, reason) from reason


if __name__ == "__main__":
    ops.main(TraefikCharm)
