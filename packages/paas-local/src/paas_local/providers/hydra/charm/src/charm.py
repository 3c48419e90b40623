#!/usr/bin/env python3
"""A charm that runs an OpenID provider, with a client for each related application."""

import dataclasses
import json
import secrets
import time
import urllib.parse
import uuid
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import provider
    from paas_local.providers.hydra.charm.src import oauth_clients
    from paas_local.providers.hydra.charm.src.oauth_clients import Client, Registry
else:
    import oauth_clients
    import provider
    from oauth_clients import Client, Registry

CLIENTS = "/etc/hydra/clients.json"
REGISTRY = "registry"
"""Label of the secret with the clients that operators have created."""
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

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["create-oauth-client"].action, self._create_client)
        framework.observe(self.on["update-oauth-client"].action, self._update_client)
        framework.observe(self.on["delete-oauth-client"].action, self._delete_client)
        framework.observe(self.on["get-oauth-client-info"].action, self._show_client)
        framework.observe(self.on["list-oauth-clients"].action, self._list_clients)
        framework.observe(self.on["revoke-oauth-client-access-tokens"].action, self._revoke_tokens)
        framework.observe(self.on["reconcile-oauth-clients"].action, self.reconcile)
        framework.observe(self.on["rotate-key"].action, self._rotate_key)

    def server(self) -> provider.Server:
        """Describe the provider with its clients."""
        registry = self._registry()
        return provider.Server(
            container="hydra",
            command=f"/bin/python3 /hydra/server.py {self.browser_port} {CLIENTS}",
            port=self.browser_port,
            files={CLIENTS: oauth_clients.server_file(self._all_clients(registry).values(), registry)},
            reload=(),
        )

    def announce(self, relation: ops.Relation) -> None:
        """Write the URLs; the real charm does so before it can register a client."""
        values = {
            "issuer_url": self.browser_url,
            **{key: self.browser_url + path for key, path in PATHS.items()},
            "scope": " ".join(SCOPES),
            "jwt_access_token": "False",
        }
        provider.write(relation.data[self.app], values)

    def publish(self, relation: ops.Relation) -> None:
        """Write the URLs of the provider, and the client of the application."""
        self.announce(relation)
        try:
            request = _request(relation)
        except provider.RefusedError:
            provider.write(relation.data[self.app], {"client_id": "", "client_secret_id": ""})
            raise
        if request:
            secret = self.secret(relation, "client", self._secret(relation))
            provider.write(relation.data[self.app], {"client_id": _client_id(relation), "client_secret_id": secret})

    def _create_client(self, event: ops.ActionEvent) -> None:
        generated = {"client-id": str(uuid.uuid4()), "client-secret": secrets.token_urlsafe(24)}
        self._keep(event, client := oauth_clients.client({**generated, "scope": SCOPES, **event.params}))
        event.set_results(client.document())

    def _update_client(self, event: ops.ActionEvent) -> None:
        if client := self._own_client(event):
            self._keep(event, client := oauth_clients.client({**client.document(), **event.params}))
            event.set_results(client.public())

    def _delete_client(self, event: ops.ActionEvent) -> None:
        if client := self._own_client(event):
            registry = self._registry()
            clients = {name: each for name, each in registry.clients.items() if name != client.client_id}
            self._store(event, dataclasses.replace(registry, clients=clients))
            event.set_results({"client-id": client.client_id})

    def _show_client(self, event: ops.ActionEvent) -> None:
        if client := self._client(event):
            event.set_results(client.public())

    def _list_clients(self, event: ops.ActionEvent) -> None:
        clients = self._all_clients(self._registry()).values()
        event.set_results({"clients": json.dumps([client.public() for client in clients])})

    def _revoke_tokens(self, event: ops.ActionEvent) -> None:
        if client := self._client(event):
            registry = self._registry()
            revoked = {**registry.revoked, client.client_id: time.time()}
            self._store(event, dataclasses.replace(registry, revoked=revoked))
            event.set_results({"client-id": client.client_id})

    def _rotate_key(self, event: ops.ActionEvent) -> None:
        registry = dataclasses.replace(self._registry(), key=str(uuid.uuid4()))
        self._store(event, registry)
        event.set_results({"new-key-id": registry.key})

    def _client(self, event: ops.ActionEvent) -> Client | None:
        """Return the client that an action names; fail the action if there is none."""
        name = str(event.params["client-id"])
        client = self._all_clients(self._registry()).get(name)
        if client is None:
            event.fail(f"no client {name} (juju run {self.unit.name} list-oauth-clients)")
        return client

    def _own_client(self, event: ops.ActionEvent) -> Client | None:
        """Return the client that an action names, which an action has created; fail the action otherwise."""
        client = self._client(event)
        if client and client.client_id not in self._registry().clients:
            event.fail(f"the client {client.client_id} follows its relation; the related application changes it")
            return None
        return client

    def _keep(self, event: ops.ActionEvent, client: Client) -> None:
        registry = self._registry()
        clients = {**registry.clients, client.client_id: client}
        self._store(event, dataclasses.replace(registry, clients=clients))

    def _store(self, event: ops.ActionEvent, registry: Registry) -> None:
        """Keep a changed registry, and make the server read it."""
        self.set_own_secret(REGISTRY, registry.secret())
        self.reconcile(event)

    def _registry(self) -> Registry:
        return oauth_clients.read_registry(self.own_secret(REGISTRY, Registry().secret))

    def _all_clients(self, registry: Registry) -> dict[str, Client]:
        """Return the clients of the relations with a valid request, and those of operators, by their ids."""
        related = [
            Client(
                client_id=_client_id(relation),
                client_secret=self._secret(relation)["secret"],
                redirect_uris=(request["redirect_uri"],),
                scope=tuple(request["scope"].split()),
                grant_types=("authorization_code", "refresh_token"),
            )
            for relation, request in self.requests(_request)
        ]
        return {client.client_id: client for client in (*related, *registry.clients.values())}

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
