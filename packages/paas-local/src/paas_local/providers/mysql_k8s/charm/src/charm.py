#!/usr/bin/env python3
"""A charm that runs a MariaDB server, with a database and a user for each related application."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import clients, databases, execution, provider
    from paas_local.providers.common.clients import Client
    from paas_local.providers.mysql_k8s.charm.src import mysql
else:
    import clients
    import databases
    import execution
    import mysql
    import provider
    from clients import Client

PORT = 3306
_SOCKET = "/tmp/mysqld.sock"  # noqa: S108 - in the server's own container
_OPTIONS = (
    f"--port={PORT}",
    "--bind-address=0.0.0.0",
    f"--socket={_SOCKET}",
    "--pid-file=/tmp/mysqld.pid",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
    "--innodb-log-file-size=16M",
)


_CONNECTIONS = range(10, 100001)


class MysqlCharm(databases.DatabaseCharm):
    """MariaDB on one unit."""

    endpoints = ("database",)
    reserved = mysql.RESERVED
    operator = mysql.ADMINISTRATOR
    version = ""

    def server(self) -> provider.Server:
        """Describe the server on the data in its storage."""
        command = ["/mysql/serve.sh", "/var/lib/mysql/data", *_OPTIONS]
        connections = self.config.get("experimental-max-connections")
        if connections is not None:
            if connections not in _CONNECTIONS:
                valid = f"must be from {_CONNECTIONS[0]} to {_CONNECTIONS[-1]}"
                raise provider.RefusedError(f"invalid option experimental-max-connections ({valid})")
            command.append(f"--max-connections={connections}")
        # The server writes its memory to the disk before it ends.
        return provider.Server(container="mysql", command=" ".join(command), port=PORT, user=None, kill_delay="30s")

    def relations_with_user(self) -> frozenset[int]:
        """Ask for the users, and for the version."""
        version, *users = self._ask(mysql.STATE).splitlines()
        self.version = version.partition("-")[0]
        self.unit.set_workload_version(self.version)
        return clients.relation_ids(users)

    def create_user(self, client: Client) -> None:
        """Create the user and its database in SQL."""
        self._ask(mysql.creation(client))

    def let_in(self, password: str) -> None:
        """Set the password of the administrator, who needs none on the server's own socket."""
        self._ask(mysql.password(password))

    def remove_users(self, relations: Iterable[int]) -> None:
        """Remove the users in SQL."""
        self._ask(mysql.removal(relations))

    def connection(self, client: Client) -> Mapping[str, str]:  # noqa: ARG002 - the same for all
        """Return the address of the server, under the names of the real charm."""
        return {
            "endpoints": f"{self.service_name(f'{self.app.name}-primary')}:{PORT}",
            "read-only-endpoints": f"{self.service_name(f'{self.app.name}-replicas')}:{PORT}",
            "version": self.version,
        }

    def _ask(self, sql: str) -> str:
        container = self.unit.get_container("mysql")
        client = ("mariadb", "--no-defaults", f"--socket={_SOCKET}", "--batch", "--skip-column-names")
        return execution.execute(container, *client, stdin=sql)


if __name__ == "__main__":
    ops.main(MysqlCharm)
