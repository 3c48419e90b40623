"""A client of a database server, and how its user is called."""

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Client:
    """What one relation asks for, and the user it gets."""

    relation: int
    database: str
    password: str = field(repr=False)
    told: bool = True
    """Whether the password is published already; a user of whom it is not is nobody's."""

    @property
    def user(self) -> str:
        """Name the user as the clients know it from the real charms."""
        return f"relation-{self.relation}"


def relations(users: Iterable[str]) -> frozenset[int]:
    """Tell whose users these are; others are the server's own."""
    numbers = (user.removeprefix("relation-") for user in users if user.startswith("relation-"))
    return frozenset(int(number) for number in numbers if number.isdecimal())
