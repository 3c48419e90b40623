#!/usr/bin/env python3
"""A charm that runs an S3 server, with a bucket and keys for each related application."""

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
REGION = "us-east-1"


class S3Charm(provider.ProviderCharm):
    """Object storage, with a bucket for each client."""

    endpoints = ("s3-credentials",)
    # The program is large.
    patience = 60.0

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        self.storage = buckets.Storage(PORT)
        framework.observe(self.on["list-objects"].action, self._list_objects)

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
        if "access-key" not in relation.data[self.app] and (name := relation.data[relation.app].get("bucket")):
            provider.write(relation.data[self.app], {"bucket": name})

    def publish(self, relation: ops.Relation) -> None:
        """Create the requested bucket; as with the real charm, all clients have one pair of keys."""
        name = relation.data[relation.app].get("bucket")
        if not name:
            return
        try:
            self.storage.create(name)
        except buckets.BucketError as reason:
            raise provider.RefusedError(f"{relation.app.name} asks for the bucket {name!r}: {reason}") from reason
        except OSError as error:
            raise provider.NotReadyError(f"waiting for the server to answer: {error}") from error
        values = {
            "bucket": name,
            **self.own_secret("keys", _keys),
            "endpoint": f"http://{self.host}:{PORT}",
            "region": REGION,
            "s3-uri-style": "path",
        }
        provider.write(relation.data[self.app], values)

    def _list_objects(self, event: ops.ActionEvent) -> None:
        try:
            self.answer(event, "objects", lambda: self.storage.objects(event.params.get("bucket")))
        except buckets.BucketError as reason:
            event.fail(str(reason))


def _keys() -> dict[str, str]:
    return {"access-key": secrets.token_hex(10).upper(), "secret-key": secrets.token_hex(20)}


if __name__ == "__main__":
    ops.main(S3Charm)
