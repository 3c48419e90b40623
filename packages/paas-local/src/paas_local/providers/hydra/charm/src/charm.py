#!/usr/bin/env python3
"""A charm that runs an OpenID provider, with a client for each related application."""

import json
import secrets
import urllib.parse
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
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
    """An OpenID provider for all applications of the model."""

    endpoints = ("oauth",)

    def server(self) -> provider.Server:
        """Describe the provider with a client for each valid request."""
        clients = [
            {"id": _client_id(relation), **self._secret(relation), **request}
            for relation, request in self.requests(_request)
        ]
        return provider.Server(
            container="hydra",
            command=f"/bin/python3 /hydra/server.py {self.browser_port} {CLIENTS}",
            port=self.browser_port,
            files={CLIENTS: json.dumps(clients, indent=1)},
            reload=(),
        )

    def publish(self, relation: ops.Relation) -> None:
        """Write the URLs of the provider, and the client of the application."""
        values = {
            "issuer_url": self.browser_url,
            **{key: self.browser_url + path for key, path in PATHS.items()},
            "scope": " ".join(SCOPES),
            "jwt_access_token": "False",
        }
        provider.write(relation.data[self.app], values)
        try:
            request = _request(relation)
        except provider.RefusedError:
            provider.write(relation.data[self.app], {"client_id": "", "client_secret_id": ""})
            raise
        if request:
            secret = self.secret(relation, "client", self._secret(relation))
            provider.write(relation.data[self.app], {"client_id": _client_id(relation), "client_secret_id": secret})

    def _secret(self, relation: ops.Relation) -> dict[str, str]:
        return self.own_secret(f"client-{relation.id}", lambda: {"secret": secrets.token_urlsafe(24)})


def _client_id(relation: ops.Relation) -> str:
    return f"{relation.app.name}-{relation.id}"


def _request(relation: ops.Relation) -> dict[str, str] | None:
    """Read the redirect URI and the scope of a client; None until it has written them."""
    databag = relation.data[relation.app]
    address, scope = databag.get("redirect_uri"), databag.get("scope", "openid")
    if address is None:
        return None
    if not _is_url(address):
        raise provider.invalid(relation, "redirect_uri (must be a URL)")
    if "openid" not in scope.split():
        raise provider.invalid(relation, "scope (must contain openid)")
    return {"redirect_uri": address, "scope": " ".join(each for each in scope.split() if each in SCOPES)}


def _is_url(address: str) -> bool:
    try:
        return urllib.parse.urlsplit(address).scheme in {"http", "https"}
    except ValueError:
        return False


if __name__ == "__main__":
    ops.main(HydraCharm)
