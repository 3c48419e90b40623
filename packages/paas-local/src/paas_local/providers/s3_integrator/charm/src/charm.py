#!/usr/bin/env python3
"""A charm that runs an S3 server, with a bucket and keys for each related application."""

import base64
import json
import re
import secrets
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import provider
    from paas_local.providers.s3_integrator.charm.src import buckets
else:
    import buckets
    import provider

PORT = 9000
_PASSED_ON = ("region", "path", "s3-uri-style", "storage-class", "s3-api-version")
_DAYS = "experimental-delete-older-than-days"
_MOST_DAYS = 9999999
_HIDDEN = "************"
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


class S3Charm(provider.ProviderCharm):
    """Object storage, with a bucket for each client."""

    endpoints = ("s3-credentials",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        self.storage = buckets.Storage(PORT)
        framework.observe(self.on["list-objects"].action, self._list_objects)
        framework.observe(self.on["sync-s3-credentials"].action, self._sync_credentials)
        framework.observe(self.on["get-s3-credentials"].action, self._get_credentials)
        framework.observe(self.on["get-s3-connection-info"].action, self._get_connection_info)

    def server(self) -> provider.Server:
        """Describe the server; the bucket is always in the path, for every host name."""
        return provider.Server(
            container="s3",
            command=f"/bin/moto_server -H 0.0.0.0 -p {PORT}",
            port=PORT,
            environment={"S3_IGNORE_SUBDOMAIN_BUCKETNAME": "true"},
        )

    def announce(self, relation: ops.Relation) -> None:
        """Write the bucket; the real charm does so before it has keys."""
        if "access-key" not in relation.data[self.app] and (name := self._bucket(relation)):
            provider.write(relation.data[self.app], {"bucket": name})

    def publish(self, relation: ops.Relation) -> None:
        """Create the bucket; as with the real charm, all clients have one pair of keys."""
        name = self._bucket(relation)
        if not name:
            return
        if not self.config.get("endpoint"):
            self._create(name, relation)
        provider.write(relation.data[self.app], {"bucket": name, **self._keys(), **self._connection()})

    def _bucket(self, relation: ops.Relation) -> str:
        """Return the bucket of the option, or the one that the client requests."""
        if not (requested := relation.data[relation.app].get("bucket", "")):
            return ""
        return str(self.config["bucket"]) or requested

    def _create(self, name: str, relation: ops.Relation) -> None:
        try:
            self.storage.create(name)
        except buckets.BucketError as reason:
            raise provider.RefusedError(f"{relation.app.name} asks for the bucket {name!r}: {reason}") from reason
        except OSError as error:
            raise provider.NotReadyError(f"waiting for the server to answer: {error}") from error

    def _keys(self) -> dict[str, str]:
        return self.own_secret("keys", _new_keys)

    def _connection(self) -> dict[str, str]:
        """Return what every client reads, except its bucket and the keys; an empty value is left out of a databag."""
        attributes = [each.strip() for each in str(self.config["attributes"]).split(",") if each.strip()]
        chain = self._tls_ca_chain()
        return {
            "endpoint": str(self.config.get("endpoint") or f"http://{self.host}:{PORT}"),
            **{name: str(self.config[name]) for name in _PASSED_ON},
            "attributes": json.dumps(attributes) if attributes else "",
            "tls-ca-chain": json.dumps(chain) if chain else "",
            "delete-older-than-days": self._days(),
        }

    def _tls_ca_chain(self) -> list[str]:
        try:
            chain = base64.b64decode(str(self.config["tls-ca-chain"]), validate=True).decode()
        except ValueError:
            raise provider.RefusedError("invalid option tls-ca-chain (must be PEM, encoded in base64)") from None
        return _CERTIFICATE.findall(chain)

    def _days(self) -> str:
        days = self.config.get(_DAYS)
        if days is None:
            return ""
        if not 1 <= int(days) <= _MOST_DAYS:
            raise provider.RefusedError(f"invalid option {_DAYS} (must be from 1 to {_MOST_DAYS})")
        return str(days)

    def _sync_credentials(self, event: ops.ActionEvent) -> None:
        self.set_own_secret("keys", {name: str(event.params[name]) for name in ("access-key", "secret-key")})
        event.set_results({"ok": "Credentials successfully updated."})
        self.reconcile(event)

    def _get_credentials(self, event: ops.ActionEvent) -> None:
        self._keys()
        event.set_results({"ok": "Credentials are configured."})

    def _get_connection_info(self, event: ops.ActionEvent) -> None:
        try:
            connection = {"bucket": str(self.config["bucket"]), **dict.fromkeys(self._keys(), _HIDDEN)}
            connection |= self._connection()
        except provider.RefusedError as reason:
            event.fail(str(reason))
            return
        event.set_results({name: value for name, value in connection.items() if value})

    def _list_objects(self, event: ops.ActionEvent) -> None:
        try:
            self.answer(event, "objects", lambda: self.storage.objects(event.params.get("bucket")))
        except buckets.BucketError as reason:
            event.fail(str(reason))


def _new_keys() -> dict[str, str]:
    return {"access-key": secrets.token_hex(10).upper(), "secret-key": secrets.token_hex(20)}


if __name__ == "__main__":
    ops.main(S3Charm)
