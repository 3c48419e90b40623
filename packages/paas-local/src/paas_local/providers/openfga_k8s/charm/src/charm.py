#!/usr/bin/env python3
"""Keeps an OpenFGA server running, and makes a store for each related application."""

import secrets
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are beside this file
    from paas_local.providers.common import provider
    from paas_local.providers.openfga_k8s.charm.src import stores
else:
    import provider
    import stores


class OpenfgaCharm(provider.ProviderCharm):
    """OpenFGA on one unit; all clients have the same token, as those of the real charm have."""

    endpoints = ("openfga",)

    def server(self) -> provider.Server:
        """Run it on the file in its storage."""
        return provider.Server(
            container="openfga",
            command="/openfga/serve.sh",
            port=stores.HTTP_PORT,
            more_ports=(stores.GRPC_PORT,),
            environment={
                "OPENFGA_AUTHN_METHOD": "preshared",
                "OPENFGA_AUTHN_PRESHARED_KEYS": self._token,
                "OPENFGA_DATASTORE_ENGINE": "sqlite",
                "OPENFGA_DATASTORE_URI": "file:/var/lib/openfga/openfga.db",
                "OPENFGA_GRPC_ADDR": f"0.0.0.0:{stores.GRPC_PORT}",
                "OPENFGA_HTTP_ADDR": f"0.0.0.0:{stores.HTTP_PORT}",
                "OPENFGA_LOG_LEVEL": "warn",
                "OPENFGA_METRICS_ENABLED": "false",
                "OPENFGA_PLAYGROUND_ENABLED": "false",
            },
            user=None,
        )

    def publish(self, relation: ops.Relation) -> None:
        """Tell where the server is, and of the store of who has asked for one."""
        bag = relation.data[self.app]
        addresses = {"grpc_api_url": stores.GRPC_PORT, "http_api_url": stores.HTTP_PORT}
        provider.write(bag, {key: f"http://{self.host}:{port}" for key, port in addresses.items()})
        if name := relation.data[relation.app].get("store_name"):
            store = self._store(relation, name)
            secret = self.secret(relation, "token", {"token": self._token})
            provider.write(bag, {"store_id": store, "token_secret_id": secret})

    def _store(self, relation: ops.Relation, name: str) -> str:
        """Give the id of the store of a relation, which is remembered there; what the server has lost is made anew."""
        known = relation.data[self.app].get("store_id", "")
        try:
            return known if known and stores.exists(known, self._token) else stores.make(name, self._token)
        except stores.StoreError as reason:
            raise provider.RefusedError(f"{relation.app.name} asks for the store {name!r}: {reason}") from reason
        except OSError as error:
            raise provider.NotReadyError(f"waiting for the server to answer: {error}") from error

    @property
    def _token(self) -> str:
        return self.own("token", lambda: {"token": secrets.token_urlsafe(32)})["token"]


if __name__ == "__main__":
    ops.main(OpenfgaCharm)
