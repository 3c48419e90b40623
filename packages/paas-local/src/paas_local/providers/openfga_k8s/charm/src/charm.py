#!/usr/bin/env python3
"""A charm that runs an OpenFGA server, with a store for each related application."""

import secrets
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import provider
    from paas_local.providers.openfga_k8s.charm.src import stores
else:
    import provider
    import stores


class OpenfgaCharm(provider.ProviderCharm):
    """OpenFGA on one unit; all clients have the same token, as with the real charm."""

    endpoints = ("openfga",)

    def server(self) -> provider.Server:
        """Describe the server on the file in its storage."""
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
        """Write the URLs of the server, and the store of a client that has requested one."""
        databag = relation.data[self.app]
        addresses = {"grpc_api_url": stores.GRPC_PORT, "http_api_url": stores.HTTP_PORT}
        provider.write(databag, {key: f"http://{self.host}:{port}" for key, port in addresses.items()})
        if name := relation.data[relation.app].get("store_name"):
            store = self._store(relation, name)
            secret = self.secret(relation, "token", {"token": self._token})
            provider.write(databag, {"store_id": store, "token_secret_id": secret})

    def _store(self, relation: ops.Relation, name: str) -> str:
        """Return the id of a relation's store, which is kept in the databag; create a store that does not exist."""
        store_id = relation.data[self.app].get("store_id", "")
        try:
            return store_id if store_id and stores.exists(store_id, self._token) else stores.create(name, self._token)
        except stores.StoreError as reason:
            raise provider.RefusedError(f"{relation.app.name} asks for the store {name!r}: {reason}") from reason
        except OSError as error:
            raise provider.NotReadyError(f"waiting for the server to answer: {error}") from error

    @property
    def _token(self) -> str:
        return self.own_secret("token", lambda: {"token": secrets.token_urlsafe(32)})["token"]


if __name__ == "__main__":
    ops.main(OpenfgaCharm)
