"""What all integrations have in common: how one is declared, and what reading it can yield."""

import collections.abc
import dataclasses
import typing

import pydantic

from paas_common.values import environment, facts, settings
from paas_common.values.workload import File

DataT = typing.TypeVar("DataT", bound=pydantic.BaseModel)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Context:
    """What an integration may know besides its databags."""

    me: facts.Identity
    endpoint: str
    relation: int
    stem: str
    """What the variables start with."""
    prefix: str
    """What the application's own variables start with."""
    options: collections.abc.Mapping[str, facts.Value]
    base_url: str
    """Where the application is reached; not known yet while an ingress is read."""
    folder: str
    """Where in the container the files of this endpoint go."""
    customary: bool = True
    """Whether this endpoint has the customary variables of its interface."""


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
    secret: frozenset[str] = frozenset()
    """Names of variables that are marked as secret."""
    files: tuple[File, ...] = ()
    migrates: str | None = None
    """Names the database behind the endpoint; a new one needs the application's migration."""
    address: str | None = None
    """Where the endpoint makes the application reachable."""


Reading = Pending | Invalid | Ready


def _no_env(_: typing.Any, __: Context) -> environment.Given:
    return {}


def _no_files(_: typing.Any, __: Context) -> tuple[File, ...]:
    return ()


def _no_refusal(_: Context) -> str | None:
    return None


def _no_secrets(_: facts.Text) -> tuple[str, ...]:
    return ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Integration(typing.Generic[DataT]):
    """One kind of endpoint, described by pure functions."""

    interface: str
    endpoint: str = ""
    """The customary name of the endpoint."""
    stem: str | None = None
    """What the customary variables start with; where it is nothing, the endpoint's name always names them."""
    provider: str
    """A charm that is commonly integrated, for the advice in a status."""
    parse: collections.abc.Callable[[facts.Databags, Context], DataT | None]
    env: collections.abc.Callable[[DataT, Context], environment.Given] = _no_env
    """The application's variables; a value that is a ``pydantic.SecretStr`` is a secret."""
    files: collections.abc.Callable[[DataT, Context], tuple[File, ...]] = _no_files
    """What the application has to find in its container."""
    secrets: tuple[str, ...] = ()
    """Databag keys that hold the id of a secret whose content belongs to the data."""
    secrets_inside: collections.abc.Callable[[facts.Text], tuple[str, ...]] = _no_secrets
    """Ids of secrets that stand deeper in the databag."""
    library: str | None = None
    """The charm library that sends the request; without one, ``request`` is written."""
    request: collections.abc.Callable[[Context], facts.Text] | None = None
    """What the leader writes into its application's databag."""
    migrates: collections.abc.Callable[[DataT], str] | None = None
    address: collections.abc.Callable[[DataT], str] | None = None
    of_extension: bool = False
    """Charmcraft's extensions declare the customary endpoint, and do not say that it is optional."""
    needs_ingress: bool = False
    """The other side must be able to send people's browsers to the application."""
    refusal: collections.abc.Callable[[Context], str | None] = _no_refusal
    """What is wrong with the options of this endpoint, while it is related."""
    blocks_when_pending: bool = False
    """Once related, the application must not go on without it, even where it is optional."""

    def read(self, remote: facts.Remote, context: Context) -> Reading:
        """Give the databags a meaning; remote data never raises past this line."""
        if remote.bags.unreadable:
            return Pending()
        try:
            data = self.parse(remote.bags, context)
        except pydantic.ValidationError as error:
            what = ", ".join(settings.problems(error))
            return Invalid(f"invalid {context.endpoint} relation data from {remote.app}: {what}")
        if data is None:
            return Pending()
        found = list(environment.variables(self.env(data, context), f"integration {context.endpoint}"))
        return Ready(
            env={variable.name: variable.value for variable in found},
            secret=frozenset(variable.name for variable in found if variable.secret),
            files=self.files(data, context),
            migrates=f"{context.endpoint}:{remote.relation}:{self.migrates(data)}" if self.migrates else None,
            address=self.address(data) if self.address else None,
        )
