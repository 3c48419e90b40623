"""Describes one kind of integration, and what its databags can mean."""

import collections.abc
import dataclasses
import typing

import pydantic

from paas_common.values import environment, settings
from paas_common.values.environment import EnvOverrides, Variable
from paas_common.values.facts import Databags, Identity, OptionValue, Relation, StrMap
from paas_common.values.workload import File

DataT = typing.TypeVar("DataT", bound=pydantic.BaseModel)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Context:
    """Facts for an integration's functions, in addition to the databags."""

    identity: Identity
    """This unit, its application and its model."""
    endpoint: str
    """Name of the endpoint in charmcraft.yaml."""
    relation_id: int
    """Juju's number of the relation."""
    env_prefix: str
    """Prefix of the integration's variables."""
    app_env_prefix: str
    """Prefix of the application's own variables, ``FLASK_``."""
    options: collections.abc.Mapping[str, OptionValue] = dataclasses.field(repr=False)
    """The charm's options that have a value."""
    base_url: str
    """The application's URL; inside the cluster while an ingress is parsed."""
    folder: str
    """Folder in the container for the files of this endpoint."""
    is_default: bool = True
    """This endpoint sets the default variables of its interface."""
    is_only: bool = True
    """No other endpoint of the charm has the same interface."""
    written: StrMap = dataclasses.field(default_factory=dict[str, str])
    """Our application databag; empty on a unit that is not the leader, because Juju does not let it read."""


@dataclasses.dataclass(frozen=True)
class Pending:
    """The remote side has not written everything yet."""


@dataclasses.dataclass(frozen=True)
class Unavailable:
    """Juju could not return a secret of the remote side now; it may be readable at a later event."""


@dataclasses.dataclass(frozen=True)
class Invalid:
    """The remote side wrote unusable data, or the integration's own code failed; a person must act."""

    reason: str
    """The problem, in words for the operator."""
    traceback: str = dataclasses.field(default="", repr=False)
    """Traceback of the integration's code, without secrets, for ``juju debug-log``."""


@dataclasses.dataclass(frozen=True)
class Ready:
    """Everything that the application needs from this endpoint."""

    variables: tuple[Variable, ...] = ()
    """The application's variables, each with its source."""
    files: tuple[File, ...] = ()
    """The files that the application reads."""
    database: str | None = None
    """Identifies the database behind the endpoint; a new one needs the application's migration."""
    url: str | None = None
    """The application's URL that the endpoint provides."""


Reading = Pending | Unavailable | Invalid | Ready


@dataclasses.dataclass(frozen=True, kw_only=True)
class PublishPort:
    """A library's method that publishes the application's port and this unit's address."""

    method: str
    """Its name; it takes the keyword ``port``, and writes ``host`` and ``ip`` into the unit's databag."""
    databag: collections.abc.Callable[[int, int, bool], StrMap]
    """Returns what the library writes into the application databag for a port, by its LIBPATCH and whether the port is
    open; the empty text for an absent key."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CharmLibrary:
    """The charm library that speaks an interface, and how its requirer is created."""

    module: str
    """Import path, ``charms.data_platform_libs.v0.s3``."""
    requirer: str
    """Name of the requirer class."""
    arguments: collections.abc.Callable[[str, str], collections.abc.Mapping[str, object]]
    """Returns the requirer's keyword arguments, apart from the charm, for an endpoint and an application."""
    events: tuple[str, ...]
    """The library's events that can change the application, by name."""
    publish_port: PublishPort | None = None
    """The library's method that publishes the port; None if it has none."""


def _no_env(_: typing.Any, __: Context) -> EnvOverrides:
    return {}


def _no_files(_: typing.Any, __: Context) -> tuple[File, ...]:
    return ()


def never(_: StrMap) -> bool:
    """Return False: only the application databag is read."""
    return False


def _valid_options(_: Context) -> str | None:
    return None


def _always(_: StrMap) -> bool:
    return True


def _no_secret_ids(_: StrMap, __: StrMap) -> tuple[str, ...]:
    return ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Integration(typing.Generic[DataT]):
    """One kind of ``requires`` endpoint, described by pure functions."""

    interface: str
    """The interface of the endpoint in charmcraft.yaml."""
    endpoint: str = ""
    """The default name of the endpoint."""
    env_prefix: str | None = None
    """Prefix of the default endpoint's variables; without one, the endpoint's name is the prefix."""
    provider: str
    """A charm that provides the interface, for the ``juju integrate`` command in a status."""
    parse: collections.abc.Callable[[Databags, Context], DataT | None]
    """Returns the databags as a model, or None while the remote side has more to write."""
    env: collections.abc.Callable[[DataT, Context], EnvOverrides] = _no_env
    """Returns the application's variables; a ``pydantic.SecretStr`` is a secret."""
    files: collections.abc.Callable[[DataT, Context], tuple[File, ...]] = _no_files
    """Returns the files that the application reads."""
    secret_fields: tuple[str, ...] = ()
    """Databag keys that hold a secret's id; the secret's content is merged into the databag."""
    secret_ids: collections.abc.Callable[[StrMap, StrMap], tuple[str, ...]] = _no_secret_ids
    """Returns the ids of secrets that are deeper in the databag; the second argument is our application databag."""
    reads_units: collections.abc.Callable[[StrMap], bool] = _always
    """Returns whether ``parse`` reads the units' databags, by the application databag; each costs a hook tool."""
    library: CharmLibrary | None = None
    """The charm library that speaks the interface; the charm may lack it if there is a ``request``."""
    request: collections.abc.Callable[[Context], StrMap] | None = None
    """Returns what the leader writes into its application databag, or what a library may have left out."""
    database: collections.abc.Callable[[DataT], str] | None = None
    """Returns the name of the database behind the endpoint; a new one needs the application's migration."""
    url: collections.abc.Callable[[DataT], str] | None = None
    """Returns the application's URL that the endpoint provides."""
    optional_by_default: bool = False
    """The default endpoint is optional unless charmcraft.yaml has ``optional: false``: charmcraft's extensions
    declare it without that key."""
    needs_ingress: bool = False
    """Browsers must reach the application, so an ingress is needed too."""
    check_options: collections.abc.Callable[[Context], str | None] = _valid_options
    """Returns what is wrong with the options of a related endpoint."""

    def read(self, relation: Relation, context: Context) -> Reading:
        """Return the meaning of the databags; invalid remote data never raises."""
        if relation.databags.unavailable:
            return Unavailable()
        if relation.databags.unreadable:
            return Pending()
        try:
            data = self.parse(relation.databags, context)
        except pydantic.ValidationError as error:
            rules = ", ".join(settings.problems(error))
            return Invalid(f"Invalid {context.endpoint} relation data from {relation.app}: {rules}")
        if data is None:
            return Pending()
        source = f"integration {context.endpoint}"
        return Ready(
            variables=tuple(environment.variables(self.env(data, context), source)),
            files=self.files(data, context),
            database=f"{context.endpoint}:{relation.id}:{self.database(data)}" if self.database else None,
            url=self.url(data) if self.url else None,
        )
