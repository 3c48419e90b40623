"""What one dispatch found: everything a decision may depend on, as plain values."""

import collections.abc
import dataclasses

Text = collections.abc.Mapping[str, str]
Value = bool | int | float | str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Identity:
    """Who this unit is."""

    app: str
    unit: str
    model: str
    leader: bool
    model_uuid: str = ""
    charm: str = ""
    """The charm's name; several applications may run one charm."""

    @property
    def number(self) -> int:
        """Give 3 for ``flask-k8s/3``."""
        return unit_number(self.unit)

    def pod(self, unit: str) -> str:
        """Give the host name, within the cluster, of a unit of this application."""
        return f"{unit.replace('/', '-')}.{self.app}-endpoints.{self.model}.svc.cluster.local"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Readable:
    """A secret whose content this unit may see."""

    content: Text = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A secret that Juju does not hand over: not granted, removed, or never there."""

    uri: str


Secret = Readable | Unreadable


@dataclasses.dataclass(frozen=True, kw_only=True)
class Option:
    """One option that the charm declares, with the value it has now.

    A ``secret`` option that names a secret has that secret beside its value.
    """

    name: str
    type: str
    required: bool = False
    value: Value | None = dataclasses.field(default=None, repr=False)
    secret: Secret | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Databags:
    """What the other side of a relation wrote, the contents of its secrets merged in."""

    app: Text = dataclasses.field(default_factory=dict[str, str], repr=False)
    units: tuple[Text, ...] = dataclasses.field(default=(), repr=False)
    secrets: collections.abc.Mapping[str, Text] = dataclasses.field(default_factory=dict[str, Text], repr=False)
    """Contents of the secrets that stand deeper in the databag, by id."""
    unreadable: tuple[str, ...] = ()
    """Secrets that cannot be read yet, by databag key or id."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Remote:
    """The application at the other end of an endpoint."""

    app: str
    relation: int
    bags: Databags
    asked: Text = dataclasses.field(default_factory=dict[str, str])
    """What our leader has written so far; other units may not read it, and see nothing."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One ``requires`` entry of the charm; ``remote`` is nothing while it is not related."""

    name: str
    interface: str
    optional: bool = False
    remote: Remote | None = None
    missing_library: str | None = None
    """The charm library that speaks this interface, when the charm does not carry it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watcher:
    """An application that watches ours, over one relation: it scrapes, shows or keeps what it is told of."""

    endpoint: str
    interface: str
    app: str
    relation: int
    units: collections.abc.Mapping[str, Text] = dataclasses.field(default_factory=dict[str, Text])
    """What its units wrote, by name."""
    told: Text = dataclasses.field(default_factory=dict[str, str])
    """What our leader has written so far; other units may not read it, and see nothing."""
    told_by_me: Text = dataclasses.field(default_factory=dict[str, str])
    address: str | None = None
    """This unit's address in the relation's network, where the interface needs it."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Watched:
    """Who watches the application, and what there is to show; nothing is read for whom is not there."""

    watchers: tuple[Watcher, ...] = ()
    files: Text = dataclasses.field(default_factory=dict[str, str])
    """Dashboards and alert rules by path: the framework's below ``cos``, the author's below ``cos_custom``."""
    strays: tuple[str, ...] = ()
    """Files of ``cos_custom`` that stand where nothing is looked for."""
    juju: str = ""
    """Juju's version."""
    forwards_logs: bool = True
    """Juju brings a Pebble that can forward logs."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Peers:
    """The peer relation: the other units, and what the application and they have noted."""

    app: Text = dataclasses.field(default_factory=dict[str, str], repr=False)
    mine: Text = dataclasses.field(default_factory=dict[str, str])
    others: collections.abc.Mapping[str, Text] = dataclasses.field(default_factory=dict[str, Text])


@dataclasses.dataclass(frozen=True, kw_only=True)
class Failure:
    """A migration that did not succeed in this container."""

    fingerprint: str
    environment: str
    attempts: int
    at: float
    """Seconds since the epoch."""
    output: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Image:
    """What the workload container brought along, and what was noted in it so far."""

    services: collections.abc.Mapping[str, collections.abc.Mapping[str, object]]
    """The services of the image's own layer, before any change by the charm."""
    files: frozenset[str]
    """Names in the application's folder."""
    fingerprint: str
    """Tells one image from another by the names, sizes and times of the application's files."""
    migrated: str | None = None
    """Fingerprint of the migration that this container has behind it."""
    failure: Failure | None = None
    owed: bool = False
    """The code of the charm's author that acts after a start has not succeeded since the last one."""
    applied: Text = dataclasses.field(default_factory=dict[str, str])
    """Digests of what was last put in force: of the layer and of each file."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Facts:
    """The world as this dispatch found it."""

    me: Identity
    options: tuple[Option, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    watched: Watched = dataclasses.field(default_factory=Watched)
    peers: Peers | None = None
    planned_units: int = 1
    key: str | None = dataclasses.field(default=None, repr=False)
    """The generated secret key, once there is one."""
    paas_config: str = ""
    """The text of the charm's ``paas-config.yaml``."""
    proxies: Text = dataclasses.field(default_factory=dict[str, str])
    """``http``, ``https`` and ``no``, as the model's configuration has them; empty ones left out."""
    image: Image | None = None
    """Nothing while the container cannot be reached."""
    now: float = 0.0
    """Seconds since the epoch."""


def unit_number(unit: str) -> int:
    """Give 3 for ``flask-k8s/3``."""
    return int(unit.rpartition("/")[2])
