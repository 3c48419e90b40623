#!/usr/bin/env python3
"""A charm that runs a Redis server, and publishes its address."""

from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds it; in a packed charm it is next to this file
    from paas_local.providers.common import provider
else:
    import provider

PORT = 6379


class RedisCharm(provider.ProviderCharm):
    """Redis, shared by all clients."""

    endpoints = ("redis",)

    def server(self) -> provider.Server:
        """Describe the server; its data is in memory only."""
        options = f"--port {PORT} --bind 0.0.0.0 --protected-mode no --save '' --appendonly no --dir /tmp"
        return provider.Server(container="redis", command=f"/bin/redis-server {options}", port=PORT)

    def publish(self, relation: ops.Relation) -> None:
        """Write the address into both databags, as the real charm does."""
        provider.write(relation.data[self.unit], {"hostname": self.ip, "port": str(PORT)})
        provider.write(relation.data[self.app], {"leader-host": self.host})


if __name__ == "__main__":
    ops.main(RedisCharm)
