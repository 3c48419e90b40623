"""What providers of databases have in common: a database and a user for each client, told by the usual library.

A user is named after its relation, so that the server itself says who may log in: what differs from the relations
that there are is made or shut out in any event.
"""

import secrets
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

import ops
from charms.data_platform_libs.v0 import (  # pyright: ignore[reportMissingImports]  it is fetched when the charm is packed
    data_interfaces,  # pyright: ignore[reportUnknownVariableType]  for the same reason
)

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are beside this file
    from paas_local.providers.common import provider
    from paas_local.providers.common.clients import Client
else:
    import provider
    from clients import Client


class Library(Protocol):
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


class DatabaseCharm(provider.ProviderCharm):
    """A database server on one unit."""

    reserved: ClassVar[frozenset[str]]
    """Databases that are the server's own."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        provides = data_interfaces.DatabaseProvides(self, relation_name=self.endpoints[0])  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  untyped, as above
        self._library = cast("Library", provides)

    @abstractmethod
    def admitted(self) -> frozenset[int]:
        """Ask the server which relations' users may log in."""

    @abstractmethod
    def admit(self, client: Client) -> None:
        """Make a user and its database, where they are not there."""

    @abstractmethod
    def shut_out(self, gone: Iterable[int]) -> None:
        """Remove users; their databases stay."""

    @abstractmethod
    def described(self, client: Client) -> Mapping[str, str]:
        """Say what a client finds in the relation, beside its database, name and password."""

    def serve(self, relations: Iterable[ops.Relation]) -> None:
        """Have the server know the clients that there are, and no others."""
        clients = {relation.id: client for relation in relations if (client := self._asked(relation))}
        told = {client.relation for client in clients.values() if client.told}
        admitted = self.admitted()
        # A hook that failed in between has left a user whose password nobody knows.
        if gone := admitted - told:
            self.shut_out(gone)
        refused = [client for client in clients.values() if client.database in self.reserved]
        for client in clients.values():
            if client in refused:
                continue
            if client.relation not in admitted & told:
                self.admit(client)
            self._tell(client)
        if refused:
            name = refused[0].database
            raise provider.RefusedError(f"a client asks for the database {name}, which is the server's own")

    def publish(self, relation: ops.Relation) -> None:
        """Say nothing more than :meth:`serve` does."""

    def _asked(self, relation: ops.Relation) -> Client | None:
        """Read what a client asks for, with the password it was given or will get."""
        name = self._library.fetch_relation_field(relation.id, "database")
        if name is None:
            return None
        password = self._library.fetch_my_relation_field(relation.id, "password")
        return Client(
            relation=relation.id, database=name, password=password or secrets.token_hex(16), told=bool(password)
        )

    def _tell(self, client: Client) -> None:
        data = {
            "database": client.database,
            "username": client.user,
            "password": client.password,
            **self.described(client),
        }
        read = self._library.fetch_my_relation_field
        changed = {key: value for key, value in data.items() if read(client.relation, key) != value}
        if changed:
            self._library.update_relation_data(client.relation, changed)
