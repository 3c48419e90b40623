"""What a model holds: applications, units, relations with their databags, secrets, tasks.

Everything that a unit has been told is kept beside what the model holds (``Seen``), because the events
a unit gets are never queued but derived from the difference: several changes of one databag become one
event, and a restart loses none. Nothing here knows a file, a process or a clock; times are seconds
since 1970, given by the caller.
"""

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from paas_local.juju.events import Event

Role: TypeAlias = Literal["provider", "requirer", "peer"]
Life: TypeAlias = Literal["alive", "dying"]
Owner: TypeAlias = Literal["application", "unit", "model"]
OptionValue: TypeAlias = str | int | float | bool


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One relation endpoint that a charm declares."""

    name: str
    interface: str
    role: Role
    limit: int | None = None
    scope: str = "global"


@dataclass(frozen=True, kw_only=True)
class Container:
    """A workload container that a charm declares; mounts map a location to the storage seen there."""

    name: str
    resource: str | None = None
    uid: int | None = None
    mounts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Option:
    """A configuration option that a charm declares."""

    type: str = "string"
    default: OptionValue | None = None
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action that a charm declares, with its parameters as JSON schema."""

    description: str = ""
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    required: tuple[str, ...] = ()
    additional: bool = True


@dataclass(frozen=True, kw_only=True)
class Charm:
    """What a packed charm declares, as far as a model is concerned."""

    name: str
    folder: str
    revision: int = 0
    base: str = "ubuntu@24.04"
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict[str, Endpoint])
    containers: Mapping[str, Container] = field(default_factory=dict[str, Container])
    storage: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    options: Mapping[str, Option] = field(default_factory=dict[str, Option])
    actions: Mapping[str, Action] = field(default_factory=dict[str, Action])


@dataclass(frozen=True, kw_only=True)
class Status:
    """A status word, its message, and since when it has been so."""

    current: str
    message: str = ""
    since: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Bag:
    """A databag; its version grows with each real change, so that readers know what they have not seen."""

    data: Mapping[str, str] = field(default_factory=dict[str, str])
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class Side:
    """One end of a relation."""

    application: str
    endpoint: str
    role: Role


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A relation: two sides (a peer relation has one), their databags, and the units that take part."""

    id: int
    interface: str
    sides: tuple[Side, ...]
    life: Life = "alive"
    applications: Mapping[str, Bag] = field(default_factory=dict[str, Bag])
    units: Mapping[str, Bag] = field(default_factory=dict[str, Bag])
    scope: frozenset[str] = frozenset()

    @property
    def peer(self) -> bool:
        """Whether it relates an application to itself."""
        return len(self.sides) == 1

    @property
    def key(self) -> str:
        """Name it as Juju does: the requirer's end first."""
        ends = sorted(self.sides, key=lambda side: side.role != "requirer")
        return " ".join(f"{side.application}:{side.endpoint}" for side in ends)

    def local(self, application: str) -> Side | None:
        """Find the end that belongs to an application."""
        return next((side for side in self.sides if side.application == application), None)

    def remote(self, application: str) -> Side:
        """Find the other end, which for peers is the same one."""
        return next((side for side in self.sides if side.application != application), self.sides[0])


@dataclass(frozen=True, kw_only=True)
class SeenRelation:
    """What one unit knows of one relation: the versions of the bags that it was told of.

    A unit at version -1 has been joined and not yet changed: that event always follows, even without data.
    """

    application: int = 0
    units: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What one unit has been told so far."""

    installed: bool = False
    upgrade: bool = False
    leader: bool = False
    config: str | None = None
    started: bool = False
    stopped: bool = False
    removed: bool = False
    boots: Mapping[str, int] = field(default_factory=dict[str, int])
    relations: Mapping[int, SeenRelation] = field(default_factory=dict[int, SeenRelation])
    storage: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A hook that failed: it is run again at its time (or when asked), and nothing else before it."""

    event: Event
    attempts: int
    retry_at: float | None
    since: float


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One unit: where it is, what it says, what it has been told and what waits for it.

    ``trouble`` is why it has no pod, when that is not only a matter of time.
    """

    name: str
    address: str
    life: Life = "alive"
    pod: bool = False
    trouble: str = ""
    seen: Seen = Seen()
    workload: Status = Status(current="waiting", message="installing agent")
    agent: Status = Status(current="allocating")
    charm_spoke: bool = False
    running: Event | None = None
    failure: Failure | None = None
    waiting: tuple[Event, ...] = ()
    tick: bool = False
    boots: Mapping[str, int] = field(default_factory=dict[str, int])
    storage: tuple[str, ...] = ()
    ports: frozenset[str] = frozenset()
    state: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def application(self) -> str:
        """Name the application that it belongs to."""
        return application_of(self.name)

    @property
    def number(self) -> int:
        """Its ordinal in the application."""
        return int(self.name.rpartition("/")[2])

    @property
    def tag(self) -> str:
        """Its name where a slash cannot stand: folders and log lines."""
        return "unit-" + self.name.replace("/", "-")


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application; ``config`` has only what the operator set."""

    name: str
    charm: Charm
    scale: int
    life: Life = "alive"
    since: float = 0.0
    config: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])
    trust: bool = False
    resources: Mapping[str, str] = field(default_factory=dict[str, str])
    status: Status | None = None
    version: str = ""
    leader: str | None = None
    provider_id: str = ""
    units: Mapping[str, Unit] = field(default_factory=dict[str, Unit])

    @property
    def settings(self) -> dict[str, OptionValue]:
        """What the charm reads: defaults, and over them what the operator set."""
        defaults = {name: opt.default for name, opt in self.charm.options.items() if opt.default is not None}
        return {**defaults, **self.config}


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One revision of a secret."""

    number: int
    content: Mapping[str, str] = field(repr=False)
    created: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """Which revision a unit reads, how it calls the secret, and the last revision it was told of."""

    revision: int
    label: str = ""
    told: int = 0


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret; ``grants`` maps an application or unit to the relation that the grant ends with.

    A user's grant ends with no relation: it has -1.
    """

    id: str
    owner_kind: Owner
    owner: str
    revisions: tuple[Revision, ...]
    label: str = ""
    name: str = ""
    description: str = ""
    rotate: str = ""
    expire: str = ""
    created: float = 0.0
    updated: float = 0.0
    grants: Mapping[str, int] = field(default_factory=dict[str, int])
    tracking: Mapping[str, Tracking] = field(default_factory=dict[str, Tracking])
    retired: frozenset[int] = frozenset()

    @property
    def latest(self) -> Revision:
        """The newest revision."""
        return self.revisions[-1]

    def revision(self, number: int) -> Revision | None:
        """Find a revision by its number; removed ones are gone."""
        return next((item for item in self.revisions if item.number == number), None)

    def owned_by(self, unit: str) -> bool:
        """Whether a unit, or its application, owns it."""
        return (self.owner_kind == "unit" and self.owner == unit) or (
            self.owner_kind == "application" and self.owner == application_of(unit)
        )

    def readable_by(self, unit: str) -> bool:
        """Whether a unit may read the content."""
        return self.owned_by(unit) or unit in self.grants or application_of(unit) in self.grants


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run of an action, from the request to its results."""

    id: int
    unit: str
    action: str
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    command: tuple[str, ...] = ()
    status: Literal["pending", "running", "completed", "failed"] = "pending"
    message: str = ""
    failed: bool = False
    results: Mapping[str, Any] = field(default_factory=dict[str, Any])
    log: tuple[tuple[float, str], ...] = ()
    enqueued: float = 0.0
    started: float = 0.0
    completed: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Model:
    """One model and all that is in it."""

    name: str
    uuid: str
    since: float = 0.0
    life: Life = "alive"
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    applications: Mapping[str, Application] = field(default_factory=dict[str, Application])
    relations: Mapping[int, Relation] = field(default_factory=dict[int, Relation])
    secrets: Mapping[str, Secret] = field(default_factory=dict[str, Secret])
    tasks: Mapping[int, Task] = field(default_factory=dict[int, Task])
    next_relation: int = 0
    next_task: int = 1
    next_storage: int = 0
    revisions: Mapping[str, int] = field(default_factory=dict[str, int])

    def unit(self, name: str) -> Unit | None:
        """Find a unit by its name."""
        application = self.applications.get(application_of(name))
        return application.units.get(name) if application else None

    @property
    def units(self) -> tuple[Unit, ...]:
        """All units of the model."""
        return tuple(unit for application in self.applications.values() for unit in application.units.values())

    def leads(self, unit: str) -> bool:
        """Whether a unit is its application's leader."""
        application = self.applications.get(application_of(unit))
        return application is not None and application.leader == unit

    def relations_of(self, application: str) -> tuple[Relation, ...]:
        """All relations of an application, peers too, oldest first."""
        return tuple(
            relation for _, relation in sorted(self.relations.items()) if relation.local(application) is not None
        )


def application_of(unit: str) -> str:
    """Name the application that a unit's name begins with; an application's name is its own."""
    return unit.partition("/")[0]


def order(unit: str) -> tuple[str, int]:
    """Sort ``a/2`` before ``a/10``."""
    application, _, number = unit.partition("/")
    return application, int(number) if number.isdecimal() else -1


def fqdn(model: str, unit: str) -> str:
    """Name a unit the way its pod is found in the cluster."""
    application, _, number = unit.partition("/")
    return f"{application}-{number}.{application}-endpoints.{model}.svc.cluster.local"


DURATION = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ms|s|m|h)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(text: str) -> float | None:
    """Read a duration such as ``5m`` or ``1m30s``; nothing when it is none."""
    parts = list(DURATION.finditer(text))
    if not parts or "".join(part[0] for part in parts) != text:
        return None
    return sum(float(part["number"]) * SECONDS[part["unit"]] for part in parts)


def with_unit(model: Model, unit: Unit) -> Model:
    """Put a changed unit into the model."""
    application = model.applications[unit.application]
    return with_application(model, dataclasses.replace(application, units={**application.units, unit.name: unit}))


def with_application(model: Model, application: Application) -> Model:
    """Put a changed application into the model."""
    return dataclasses.replace(model, applications={**model.applications, application.name: application})


def with_relation(model: Model, relation: Relation) -> Model:
    """Put a changed relation into the model."""
    return dataclasses.replace(model, relations={**model.relations, relation.id: relation})


def with_secret(model: Model, secret: Secret) -> Model:
    """Put a changed secret into the model."""
    return dataclasses.replace(model, secrets={**model.secrets, secret.id: secret})


def with_task(model: Model, task: Task) -> Model:
    """Put a changed task into the model."""
    return dataclasses.replace(model, tasks={**model.tasks, task.id: task})
