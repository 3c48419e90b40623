#!/usr/bin/env python3
"""A charm that runs a Redis server, and publishes its address."""

from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import execution, provider
else:
    import execution
    import provider

PORT = 6379


class RedisCharm(provider.ProviderCharm):
    """Redis, shared by all clients."""

    endpoints = ("redis",)

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["check-service"].action, self._check_service)
        framework.observe(self.on["get-initial-admin-password"].action, self._get_password)

    def server(self) -> provider.Server:
        """Describe the server, which writes each change to its storage."""
        options = f"--port {PORT} --bind 0.0.0.0 --protected-mode no --save '' --appendonly yes --dir /var/lib/redis"
        return provider.Server(container="redis", command=f"/bin/redis-server {options}", port=PORT, user=None)

    def publish(self, relation: ops.Relation) -> None:
        """Write the address into both databags, as the real charm does."""
        provider.write(relation.data[self.unit], {"hostname": self.ip, "port": str(PORT)})
        provider.write(relation.data[self.app], {"leader-host": self.host})

    def _check_service(self, event: ops.ActionEvent) -> None:
        try:
            answer = execution.execute(self.unit.get_container("redis"), "/bin/redis-cli", "-p", str(PORT), "PING")
        except provider.NotReadyError:
            answer = ""
        event.set_results({"result": "Service is running" if answer.strip() == "PONG" else "Service is not running"})

    def _get_password(self, event: ops.ActionEvent) -> None:
        event.fail("the server has no password: clients log in without one")


if __name__ == "__main__":
    ops.main(RedisCharm)
