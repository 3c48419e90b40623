"""The base of providers that give each client a database and a user.

The library ``data_interfaces`` publishes them. A user is named after its relation, so the server itself knows which
users exist: every event compares them with the relations, and creates or removes what differs.
"""

import secrets
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

import ops
from charms.data_platform_libs.v0 import (  # pyright: ignore[reportMissingImports]  it is fetched when the charm is packed
    data_interfaces,  # pyright: ignore[reportUnknownVariableType]  for the same reason
)

if TYPE_CHECKING:  # where a type checker finds them; in a packed charm they are next to this file
    from paas_local.providers.common import provider
    from paas_local.providers.common.clients import Client
else:
    import provider
    from clients import Client


_OPERATOR = "operator"
"""Label of the secret with the administrator's password."""


class Library(Protocol):
    """The part of the library that is used; it knows whether a value is in the databag or in a secret."""

    def fetch_relation_field(self, relation_id: int, field: str) -> str | None:
        """Read a value of the client."""
        ...

    def fetch_my_relation_field(self, relation_id: int, field: str) -> str | None:
        """Read a value of this application."""
        ...

    def update_relation_data(self, relation_id: int, data: Mapping[str, str]) -> None:
        """Write values of this application."""
        ...


class DatabaseCharm(provider.ProviderCharm):
    """A database server on one unit."""

    reserved: ClassVar[frozenset[str]]
    """Databases of the server itself, which no client gets."""
    user_prefix: ClassVar[str] = "relation-"
    """The name of a client's user up to the relation's id."""

    operator: ClassVar[str]
    """The server's own administrator, whose password an action shows."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on["get-password"].action, self._get_password)
        framework.observe(self.on["set-password"].action, self._set_password)
        provides = data_interfaces.DatabaseProvides(self, relation_name=self.endpoints[0])  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  untyped, as above
        self._library = cast("Library", provides)

    @abstractmethod
    def relations_with_user(self) -> frozenset[int]:
        """Ask the server for the relations whose users may log in."""

    @abstractmethod
    def create_user(self, client: Client) -> None:
        """Create a user and its database, where they do not exist."""

    @abstractmethod
    def remove_users(self, relations: Iterable[int]) -> None:
        """Remove the users of relations; their databases stay."""

    def renew(self, password: str) -> None:
        """Change the administrator's password, where the server does not accept any that the charm keeps."""

    def let_in(self, password: str) -> None:
        """Let the administrator log in over the network with a password, where the server does not do so anyway."""

    @abstractmethod
    def connection(self, client: Client) -> Mapping[str, str]:
        """Return what a client reads from the relation, in addition to its database, user name and password."""

    def serve(self, relations: Iterable[ops.Relation]) -> None:
        """Create the users of new clients, remove those of clients that have gone, and publish."""
        clients = {relation.id: client for relation in relations if (client := self.client(relation))}
        published = {client.relation for client in clients.values() if client.published}
        existing = self.relations_with_user()
        # After a hook that failed half-way, a user exists whose password no client can read.
        if gone := existing - published:
            self.remove_users(gone)
        refused = [client for client in clients.values() if client.database in self.reserved]
        for client in clients.values():
            if client in refused:
                continue
            if client.relation not in existing & published:
                self.create_user(client)
            self._publish(client)
        if refused:
            name = refused[0].database
            raise provider.RefusedError(f"a client asks for the database {name}, which belongs to the server itself")

    def publish(self, relation: ops.Relation) -> None:
        """Do nothing: :meth:`serve` publishes."""

    def operator_password(self) -> str:
        """Return the administrator's password."""
        return self.own_secret(_OPERATOR, _new_password)["password"]

    def _get_password(self, event: ops.ActionEvent) -> None:
        self._answer_password(event, self.operator_password)

    def _set_password(self, event: ops.ActionEvent) -> None:
        def change() -> str:
            content = {"password": str(event.params.get("password") or _new_password()["password"])}
            self.renew(content["password"])
            self.set_own_secret(_OPERATOR, content)
            return content["password"]

        self._answer_password(event, change)

    def _answer_password(self, event: ops.ActionEvent, read: Callable[[], str]) -> None:
        """Set the results to the password, once the server accepts it."""
        if (username := event.params["username"]) != self.operator:
            event.fail(f"no user {username} (must be {self.operator})")
            return
        try:
            password = read()
            self.let_in(password)
        except provider.NotReadyError as reason:
            event.fail(str(reason))
            return
        event.set_results({"username": username, "password": password})

    def client(self, relation: ops.Relation) -> Client | None:
        """Read the request of a client, with the password that it has or will get."""
        name = self._library.fetch_relation_field(relation.id, "database")
        if name is None:
            return None
        password = self._library.fetch_my_relation_field(relation.id, "password")
        return Client(
            relation=relation.id,
            database=name,
            password=password or secrets.token_hex(16),
            published=bool(password),
            prefix=self.user_prefix,
        )

    def _publish(self, client: Client) -> None:
        data = {
            "database": client.database,
            "username": client.user,
            "password": client.password,
            **self.connection(client),
        }
        read = self._library.fetch_my_relation_field
        changed = {key: value for key, value in data.items() if read(client.relation, key) != value}
        if changed:
            self._library.update_relation_data(client.relation, changed)


def _new_password() -> dict[str, str]:
    return {"password": secrets.token_hex(16)}
