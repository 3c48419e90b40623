#!/usr/bin/env python3
"""Keeps an OpenID provider running, and registers a client for each related application."""

import contextlib
import json
import secrets
import urllib.parse
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is beside this file
    from paas_local.providers.common import provider
else:
    import provider

CLIENTS = "/etc/hydra/clients.json"
SCOPES = ("openid", "profile", "email", "address", "phone")
PATHS = {
    "authorization_endpoint": "/oauth2/authorize",
    "token_endpoint": "/oauth2/token",
    "introspection_endpoint": "/oauth2/introspect",
    "userinfo_endpoint": "/userinfo",
    "jwks_endpoint": "/jwks",
}


class HydraCharm(provider.ProviderCharm):
    """A provider for all applications of the model."""

    endpoints = ("oauth",)

    def server(self) -> provider.Server:
        """Run it with the clients of all who asked properly."""
        return provider.Server(
            container="hydra",
            command=f"/bin/python3 /hydra/server.py {self.browser_port} {CLIENTS}",
            port=self.browser_port,
            files={CLIENTS: json.dumps(self._clients(), indent=1)},
            reload=(),
        )

    def publish(self, relation: ops.Relation) -> None:
        """Tell where the provider is, and as whom the application is registered."""
        told = {
            "issuer_url": self.browser_url,
            **{key: self.browser_url + path for key, path in PATHS.items()},
            "scope": " ".join(SCOPES),
            "jwt_access_token": "False",
        }
        provider.write(relation.data[self.app], told)
        try:
            asked = _asked(relation)
        except provider.RefusedError:
            provider.write(relation.data[self.app], {"client_id": "", "client_secret_id": ""})
            raise
        if asked:
            secret = self.secret(relation, "client", self._secret(relation))
            provider.write(relation.data[self.app], {"client_id": _name(relation), "client_secret_id": secret})

    def _clients(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for relation in self.clients:
            # what cannot be is told when it would be published
            with contextlib.suppress(provider.RefusedError):
                if asked := _asked(relation):
                    found.append({"id": _name(relation), **self._secret(relation), **asked})
        return found

    def _secret(self, relation: ops.Relation) -> dict[str, str]:
        return self.own(f"client-{relation.id}", lambda: {"secret": secrets.token_urlsafe(24)})


def _name(relation: ops.Relation) -> str:
    return f"{relation.app.name}-{relation.id}"


def _asked(relation: ops.Relation) -> dict[str, str] | None:
    """Read where people are to be sent back to, and what may be told of them; nothing until somebody asks."""
    bag = relation.data[relation.app]
    address, scope = bag.get("redirect_uri"), bag.get("scope", "openid")
    if address is None:
        return None
    if not _is_web(address):
        raise provider.invalid(relation, "redirect_uri (must be a URL)")
    if "openid" not in scope.split():
        raise provider.invalid(relation, "scope (must contain openid)")
    return {"redirect_uri": address, "scope": " ".join(each for each in scope.split() if each in SCOPES)}


def _is_web(address: str) -> bool:
    try:
        return urllib.parse.urlsplit(address).scheme in {"http", "https"}
    except ValueError:
        return False


if __name__ == "__main__":
    ops.main(HydraCharm)
