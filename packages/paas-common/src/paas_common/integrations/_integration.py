"""What all integrations have in common: how one is declared, and what reading it can yield."""

import collections.abc
import dataclasses
import typing

import pydantic

from paas_common import facts, settings

DataT = typing.TypeVar("DataT", bound=pydantic.BaseModel)


@dataclasses.dataclass(frozen=True)
class Pending:
    """Nothing usable yet; the other side has more to write."""


@dataclasses.dataclass(frozen=True)
class Invalid:
    """The other side wrote something unusable; a person has to act."""

    reason: str


@dataclasses.dataclass(frozen=True)
class Ready:
    """Everything the application needs from this endpoint."""

    env: facts.Text = dataclasses.field(repr=False)
    migrates: str | None = None
    """Names the database behind the endpoint; a new one needs the application's migration."""


Reading = Pending | Invalid | Ready


@dataclasses.dataclass(frozen=True, kw_only=True)
class Integration(typing.Generic[DataT]):
    """One kind of endpoint, described by pure functions."""

    interface: str
    endpoint: str
    """The customary name of the endpoint."""
    stem: str
    """What the customary variables start with."""
    provider: str
    """A charm that is commonly integrated, for the advice in a status."""
    secrets: tuple[str, ...] = ()
    """Databag keys that hold the id of a secret whose content belongs to the data."""
    library: str | None = None
    """The charm library that sends the request."""
    parse: collections.abc.Callable[[facts.Databags], DataT | None]
    env: collections.abc.Callable[[DataT, str], facts.Text]
    migrates: collections.abc.Callable[[DataT], str] | None = None

    def read(self, remote: facts.Remote, *, endpoint: str, stem: str) -> Reading:
        """Give the databags a meaning; remote data never raises past this line."""
        if remote.bags.unreadable:
            return Pending()
        try:
            data = self.parse(remote.bags)
        except pydantic.ValidationError as error:
            what = ", ".join(settings.problems(error))
            return Invalid(f"invalid {endpoint} relation data from {remote.app}: {what}")
        if data is None:
            return Pending()
        database = f"{endpoint}:{remote.relation}:{self.migrates(data)}" if self.migrates else None
        return Ready(self.env(data, stem), database)
