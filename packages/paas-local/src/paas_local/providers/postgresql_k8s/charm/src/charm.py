#!/usr/bin/env python3
"""Keeps a PostgreSQL server running, and gives each related application a database and a user.

Every event does the same: bring the server up, compare the users that may log in with the relations there
are, make or shut out what differs, and publish. The event's name decides nothing.
"""

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

import ops
from charms.data_platform_libs.v0 import (  # pyright: ignore[reportMissingImports]  it is fetched when the charm is packed
    data_interfaces,  # pyright: ignore[reportUnknownVariableType]  for the same reason
)

if TYPE_CHECKING:  # where a type checker finds it; a charm's own modules are beside it
    from paas_local.providers.postgresql_k8s.charm.src import postgresql
else:
    import postgresql

ENDPOINT = "database"


class Provider(Protocol):
    """What is used of the library, which knows where a value is published: in the relation or in a secret."""

    def fetch_relation_field(self, relation_id: int, field: str) -> str | None:
        """Read what the client wrote."""
        ...

    def fetch_my_relation_field(self, relation_id: int, field: str) -> str | None:
        """Read what we wrote."""
        ...

    def update_relation_data(self, relation_id: int, data: Mapping[str, str]) -> None:
        """Write."""
        ...


class PostgresqlCharm(ops.CharmBase):
    """PostgreSQL on one unit."""

    patience = 20.0
    """Seconds for a server that was just started to answer."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        provides = data_interfaces.DatabaseProvides(self, relation_name=ENDPOINT)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  untyped, as above
        self.provider = cast("Provider", provides)
        database = self.on[ENDPOINT]
        for event in (
            self.on.install,
            self.on.start,
            self.on.postgresql_pebble_ready,
            self.on.postgresql_pebble_check_failed,
            self.on.postgresql_pebble_check_recovered,
            self.on.config_changed,
            self.on.leader_elected,
            self.on.update_status,
            self.on.upgrade_charm,
            database.relation_changed,
            database.relation_broken,
        ):
            framework.observe(event, self._reconcile)

    def _reconcile(self, _: ops.EventBase) -> None:
        if not self.unit.is_leader():
            self.unit.status = ops.WaitingStatus("replicas are not supported")
            return
        container = self.unit.get_container("postgresql")
        if not container.can_connect():
            self.unit.status = ops.WaitingStatus("waiting for the container")
            return
        try:
            self.unit.status = self._serve(postgresql.Server(container, self.patience))
        except postgresql.NotReadyError as reason:
            self.unit.status = ops.WaitingStatus(str(reason))

    def _serve(self, server: postgresql.Server) -> ops.StatusBase:
        if not server.initialised():
            self.unit.status = ops.MaintenanceStatus("initialising the database")
            server.initialise()
        server.run()
        state = server.state()
        self.unit.set_workload_version(state.version)
        self.unit.set_ports(postgresql.PORT)
        wanted = {relation.id: database for relation in self._relations() if (database := self._asked(relation))}
        if gone := state.relations - wanted.keys():
            server.change(postgresql.removal(gone))
        refused = [database.name for database in wanted.values() if database.name in postgresql.RESERVED]
        for database in wanted.values():
            if database.name in postgresql.RESERVED:
                continue
            # A hook that failed in between has left a user whose password nobody knows.
            if database.relation not in state.relations or not database.told:
                server.change(postgresql.creation(database))
            self._publish(database, state.version)
        if refused:
            return ops.BlockedStatus(f"a client asks for the database {refused[0]}, which is the server's own")
        return ops.ActiveStatus("Primary")

    def _relations(self) -> list[ops.Relation]:
        """Give the relations there are; during its last event a relation is still listed."""
        return [relation for relation in self.model.relations[ENDPOINT] if relation.active]

    def _asked(self, relation: ops.Relation) -> postgresql.Database | None:
        """Read what a client asks for, with the password it was given or will get."""
        name = self.provider.fetch_relation_field(relation.id, "database")
        if name is None:
            return None
        password = self.provider.fetch_my_relation_field(relation.id, "password")
        return postgresql.Database(
            relation=relation.id, name=name, password=password or secrets.token_hex(16), told=bool(password)
        )

    def _publish(self, database: postgresql.Database, version: str) -> None:
        data = postgresql.published(database, application=self.app.name, model=self.model.name, version=version)
        read = self.provider.fetch_my_relation_field
        changed = {key: value for key, value in data.items() if read(database.relation, key) != value}
        if changed:
            self.provider.update_relation_data(database.relation, changed)


if __name__ == "__main__":
    ops.main(PostgresqlCharm)
