"""Everything that one dispatch reads and the plan may depend on, as plain values."""

import collections.abc
import dataclasses
import typing

StrMap = collections.abc.Mapping[str, str]
OptionValue = bool | int | float | str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """The unit of this dispatch, its application and its model."""

    app: str
    """The application's name, ``flask-k8s``."""
    unit: str
    """The unit's name, ``flask-k8s/0``."""
    model: str
    """The model's name."""
    leader: bool
    """This unit is the leader of the application."""
    model_uuid: str = ""
    """The model's UUID."""
    charm: str = ""
    """The charm's name; several applications may run one charm."""

    @property
    def number(self) -> int:
        """Return 3 for ``flask-k8s/3``."""
        return unit_number(self.unit)

    def pod_fqdn(self, unit: str) -> str:
        """Return the host name of a unit of this application within the cluster."""
        return f"{unit.replace('/', '-')}.{self.app}-endpoints.{self.model}.svc.cluster.local"


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReadableSecret:
    """A Juju secret whose content this unit may read."""

    content: StrMap = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnreadableSecret:
    """A Juju secret that this unit cannot read: not granted, removed, or never there."""

    uri: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnavailableSecret:
    """A Juju secret that could not be read now, for another reason than ``UnreadableSecret``."""

    uri: str


JujuSecret = ReadableSecret | UnreadableSecret | UnavailableSecret


@dataclasses.dataclass(frozen=True, kw_only=True)
class Option:
    """One option that the charm declares, with its current value."""

    name: str
    type: str
    required: bool = False
    value: OptionValue | None = dataclasses.field(default=None, repr=False)
    secret: JujuSecret | None = None
    """The secret that a ``secret`` option names."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Databags:
    """The databags that the remote side of a relation wrote."""

    app: StrMap = dataclasses.field(default_factory=dict[str, str], repr=False)
    """The application databag, with the contents of the secrets that its ``secret_fields`` name."""
    units: tuple[StrMap, ...] = dataclasses.field(default=(), repr=False)
    """The databag of each unit, in the order of the units' numbers."""
    secrets: collections.abc.Mapping[str, StrMap] = dataclasses.field(default_factory=dict[str, StrMap], repr=False)
    """Contents of the secrets whose ids are deeper in the databag, by id."""
    unreadable: tuple[str, ...] = ()
    """Secrets that this unit cannot read, by databag key or id."""
    unavailable: tuple[str, ...] = ()
    """Secrets that could not be read now, by databag key or id."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Relation:
    """A relation of an endpoint, and the application at its remote side."""

    app: str
    id: int
    databags: Databags
    request: StrMap = dataclasses.field(default_factory=dict[str, str])
    """Our application databag; empty on a unit that is not the leader, because Juju does not let it read."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One ``requires`` endpoint of the charm; ``relation`` is None while it is not related."""

    name: str
    interface: str
    optional: bool = False
    relation: Relation | None = None
    missing_library: str | None = None
    """The charm library of this interface, if the charm lacks it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class UnrelatedEndpoint:
    """A ``requires`` endpoint with ``optional: false`` that only the author's code handles, without a relation."""

    name: str
    interface: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObservabilityRelation:
    """A relation to Prometheus, Grafana or Loki."""

    endpoint: str
    interface: str
    app: str
    id: int
    units: collections.abc.Mapping[str, StrMap] = dataclasses.field(default_factory=dict[str, StrMap])
    """The databags of its units, by name."""
    app_databag: StrMap = dataclasses.field(default_factory=dict[str, str])
    """Our application databag; empty on a unit that is not the leader, because Juju does not let it read."""
    unit_databag: StrMap = dataclasses.field(default_factory=dict[str, str])
    """Our unit databag."""
    address: str | None = None
    """This unit's address in the relation's network, if the interface needs it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Observability:
    """The observability relations and the files for them; empty while nothing is related."""

    relations: tuple[ObservabilityRelation, ...] = ()
    files: StrMap = dataclasses.field(default_factory=dict[str, str])
    """Dashboards and alert rules by path: the framework's below ``cos``, the charm's below ``cos_custom``."""
    unused_files: tuple[str, ...] = ()
    """Entries of ``cos_custom`` outside the folders that are read."""
    juju_version: str = ""
    forwards_logs: bool = True
    """This Juju has a Pebble that can forward logs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Peers:
    """The peer relation: the other units, and the databags."""

    app: StrMap = dataclasses.field(default_factory=dict[str, str], repr=False)
    unit: StrMap = dataclasses.field(default_factory=dict[str, str])
    """This unit's databag."""
    others: collections.abc.Mapping[str, StrMap] = dataclasses.field(default_factory=dict[str, StrMap])
    """The databags of the other units, by name; empty ones unless this unit is the leader, which alone reads them."""


Step = typing.Literal["check", "migration", "before-start"]
"""A kind of command that must succeed in a container before the application starts."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class CommandFailure:
    """A migration, a check or a step before the start that failed in this container."""

    fingerprint: str
    """Identifies what was tried."""
    environment: str
    """Digest of the environment in which it failed."""
    attempts: int
    at: float
    """Seconds since the epoch."""
    output: str
    """The last lines of its output, without secrets."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ContainerState:
    """The image's part of the workload container, and the charm's notes in it."""

    services: collections.abc.Mapping[str, collections.abc.Mapping[str, object]]
    """The services of the image's own layer, before any change by the charm."""
    files: frozenset[str]
    """Names in the application's folder."""
    fingerprint: str
    """Identifies the image by the names, sizes and times of the application's files."""
    migrated: str | None = None
    """Fingerprint of the last migration that succeeded in this container."""
    before_start_done: bool = False
    """The image's step before the start has succeeded in this container."""
    failures: collections.abc.Mapping[Step, CommandFailure] = dataclasses.field(
        default_factory=dict[Step, CommandFailure]
    )
    """The last failure of each step that has not succeeded since."""
    after_start_pending: bool = False
    """``after_start`` has not succeeded since the last start."""
    applied: StrMap = dataclasses.field(default_factory=dict[str, str])
    """Digests of what was last applied: of each service, each file and the check."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that this dispatch read."""

    identity: Identity
    options: tuple[Option, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    """The endpoints of known interfaces."""
    unrelated: tuple[UnrelatedEndpoint, ...] = ()
    observability: Observability = dataclasses.field(default_factory=Observability)
    peers: Peers | None = None
    """None while Juju has not created the peer relation."""
    declares_peers: bool = True
    """The charm declares a peer relation of a known name."""
    planned_units: int = 0
    """The number of units that Juju plans; 0 if it was not read."""
    secret_key: str | None = dataclasses.field(default=None, repr=False)
    """The generated secret key; None until the leader has made it, or if it could not be read."""
    previous_key: str | None = dataclasses.field(default=None, repr=False)
    """The generated secret key before the last rotation."""
    paas_config: str = ""
    """The text of the charm's ``paas-config.yaml``."""
    proxies: StrMap = dataclasses.field(default_factory=dict[str, str])
    """``http``, ``https`` and ``no`` of the model's configuration, without empty ones."""
    container: ContainerState | None = None
    """None while Pebble cannot be reached."""
    now: float = 0.0
    """Seconds since the epoch."""

    @property
    def option_values(self) -> dict[str, OptionValue]:
        """Return the options that have a value, as ``juju config`` shows them."""
        return {option.name: option.value for option in self.options if option.value is not None}


def unit_number(unit: str) -> int:
    """Return 3 for ``flask-k8s/3``."""
    return int(unit.rpartition("/")[2])
