#!/usr/bin/env python3
"""Keeps a Redis server running, and tells clients where it is."""

from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is beside this file
    from paas_local.providers.common import provider
else:
    import provider

PORT = 6379


class RedisCharm(provider.ProviderCharm):
    """Redis, which all clients share."""

    endpoints = ("redis",)

    def server(self) -> provider.Server:
        """Run it for the pods, which have a network of their own, and in memory only."""
        options = f"--port {PORT} --bind 0.0.0.0 --protected-mode no --save '' --appendonly no --dir /tmp"
        return provider.Server(container="redis", command=f"/bin/redis-server {options}", port=PORT)

    def publish(self, relation: ops.Relation) -> None:
        """Write the address into both bags, as the real charm does."""
        provider.write(relation.data[self.unit], {"hostname": self.ip, "port": str(PORT)})
        provider.write(relation.data[self.app], {"leader-host": self.host})


if __name__ == "__main__":
    ops.main(RedisCharm)
