#!/usr/bin/env python3
"""A charm that runs a PostgreSQL server, with a database and a user for each related application."""

import contextlib
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import ops

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import clients, databases, execution, provider
    from paas_local.providers.common.clients import Client
    from paas_local.providers.postgresql_k8s.charm.src import postgresql
else:
    import clients
    import databases
    import execution
    import postgresql
    import provider
    from clients import Client

PORT = 5432
DATA = "/var/lib/pg/data/18"
_CONTAINER = "postgresql"
_PROGRAM = ("/bin/python3", "/postgresql/pg.py")
_SOCKETS = "/tmp"  # noqa: S108 - in the server's own container
_TIMEOUT = 120
_PAUSE = 0.2


class PostgresqlCharm(databases.DatabaseCharm):
    """PostgreSQL on one unit."""

    endpoints = ("database",)
    reserved = postgresql.RESERVED
    operator = postgresql.SUPERUSER
    user_prefix = postgresql.USER_PREFIX
    active_message = "Primary"
    version = ""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["get-primary"].action, self._get_primary)

    def prepare(self, container: ops.Container) -> None:
        """Create the data folder, under another name until it is complete."""
        if container.exists(f"{DATA}/PG_VERSION"):
            return
        self.unit.status = ops.MaintenanceStatus("initialising the database")
        unfinished = f"{DATA}.new"
        locale = ("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
        initdb = ("initdb", "-D", unfinished, "-U", postgresql.SUPERUSER, "--auth=trust", *locale)
        container.remove_path(unfinished, recursive=True)
        for command in ((*_PROGRAM, *initdb), ("mv", unfinished, DATA)):
            execution.execute(container, *command, timeout=_TIMEOUT, failure="initialising the database failed")

    def server(self) -> provider.Server:
        """Describe the server on the data in its storage."""
        options = ["-D", DATA, "-p", str(PORT), "-k", _SOCKETS, "-c", "listen_addresses=*"]
        try:
            options += [word for setting in postgresql.settings(self.config) for word in ("-c", setting)]
        except postgresql.InvalidOptionError as reason:
            raise provider.RefusedError(str(reason)) from reason
        return provider.Server(
            container=_CONTAINER,
            command=" ".join((*_PROGRAM, "postgres", *options)),
            port=PORT,
            files={f"{DATA}/pg_hba.conf": postgresql.ACCESS},
            user=None,
            # The server writes its memory to the disk before it ends.
            kill_delay="30s",
            check=True,
        )

    def serve(self, relations: Iterable[ops.Relation]) -> None:
        """Add the extension to the clients' databases, too."""
        relations = tuple(relations)
        super().serve(relations)
        databases = sorted({client.database for relation in relations if (client := self.client(relation))})
        if self.config["plugin_vector_enable"] and databases:
            self._ask(postgresql.extension(databases, "vector"))

    def relations_with_user(self) -> frozenset[int]:
        """Ask for the users, and for the version."""
        self.version, *users = self._state().splitlines()
        self.unit.set_workload_version(self.version)
        return clients.relation_ids(users, self.user_prefix)

    def _state(self) -> str:
        """Ask until the server answers: while it recovers its data, it takes connections and refuses queries."""
        until = time.monotonic() + self.patience
        while time.monotonic() < until:
            with contextlib.suppress(provider.NotReadyError):
                return self._ask(postgresql.STATE)
            time.sleep(_PAUSE)
        return self._ask(postgresql.STATE, failure="waiting for the server to answer")

    def create_user(self, client: Client) -> None:
        """Create the user and its database in SQL."""
        self._ask(postgresql.creation(client))

    def let_in(self, password: str) -> None:
        """Set the password of the superuser, which needs none on the server's own socket."""
        self._ask(postgresql.password(password))

    def remove_users(self, relations: Iterable[int]) -> None:
        """Take the users' right to log in, in SQL."""
        self._ask(postgresql.removal(relations))

    def connection(self, client: Client) -> Mapping[str, str]:
        """Return the address of the server, under the names of the real charm."""
        primary = f"{self.service_name(f'{self.app.name}-primary')}:{PORT}"
        return {
            # Names and passwords that this charm makes need no quoting.
            "uris": f"postgresql://{client.user}:{client.password}@{primary}/{client.database}",
            "endpoints": primary,
            "read-only-endpoints": f"{self.service_name(f'{self.app.name}-replicas')}:{PORT}",
            "tls": "False",
            "version": self.version,
        }

    def _get_primary(self, event: ops.ActionEvent) -> None:
        event.set_results({"primary": self.unit.name})

    def _ask(self, sql: str, failure: str = "the server refuses a change") -> str:
        options = ("-h", _SOCKETS, "-p", str(PORT), "-U", postgresql.SUPERUSER, "-d", "postgres")
        psql = ("psql", *options, "-v", "ON_ERROR_STOP=1", "-X", "-q", "-A", "-t")
        container = self.unit.get_container(_CONTAINER)
        return execution.execute(container, *_PROGRAM, *psql, stdin=sql, timeout=_TIMEOUT, failure=failure)


if __name__ == "__main__":
    ops.main(PostgresqlCharm)
