"""Clients of a database server, and the names of their users."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Client:
    """A relation's request for a database, and the user that serves it."""

    relation: int
    """Id of the relation."""
    database: str
    password: str = field(repr=False)
    published: bool = True
    """True if the client can read the password already."""
    prefix: str = "relation-"
    """The name of the user up to the relation's id."""

    @property
    def user(self) -> str:
        """The name of the user, as the real charm of the server builds it."""
        return f"{self.prefix}{self.relation}"


def relation_ids(users: Iterable[str], prefix: str = "relation-") -> frozenset[int]:
    """Return the relations to which users belong; users with other names belong to the server."""
    numbers = (user.removeprefix(prefix) for user in users if user.startswith(prefix))
    return frozenset(int(number) for number in numbers if number.isdecimal())
