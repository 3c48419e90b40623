"""The Juju model: applications, units, relations with their databags, secrets and tasks.

Events are not queued. Each unit's ``LocalState`` records what its hooks have handled, and the next hook is derived
from the difference to the model. Several changes of one databag become one event, and a restart loses none.
Times are seconds since 1970.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from paas_local.juju import names
from paas_local.juju.charm import Charm, OptionValue, Role
from paas_local.juju.constraints import Constraint
from paas_local.juju.errors import JujuError
from paas_local.juju.events import Event
from paas_local.juju.offer import Offer, OtherHalf, Saas
from paas_local.juju.version import JUJU_VERSION

Life: TypeAlias = Literal["alive", "dying"]
Owner: TypeAlias = Literal["application", "unit", "model", "remote"]


@dataclass(frozen=True, kw_only=True)
class Status:
    """A status, its message, and the time since which it holds."""

    current: str
    message: str = ""
    since: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Databag:
    """The data of one unit or application in one relation; each change of the data increments ``version``."""

    data: Mapping[str, str] = field(default_factory=dict[str, str])
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class RelationEnd:
    """The endpoint of one application that a relation connects."""

    application: str
    endpoint: str
    role: Role

    def __str__(self) -> str:
        return f"{self.application}:{self.endpoint}"


@dataclass(frozen=True, kw_only=True)
class Relation:
    """A relation with its databags; a peer relation has one end, and ``scope`` names the units that take part.

    ``message`` is the operator's reason for the suspension.
    """

    id: int
    interface: str
    ends: tuple[RelationEnd, ...]
    life: Life = "alive"
    suspended: bool = False
    message: str = ""
    other_half: OtherHalf | None = None
    applications: Mapping[str, Databag] = field(default_factory=dict[str, Databag])
    units: Mapping[str, Databag] = field(default_factory=dict[str, Databag])
    scope: frozenset[str] = frozenset()

    @property
    def peer(self) -> bool:
        """Return whether this is a peer relation."""
        return len(self.ends) == 1

    @property
    def active(self) -> bool:
        """Return whether units may take part: the relation is neither suspended nor being removed."""
        return self.life == "alive" and not self.suspended

    @property
    def is_to_offer(self) -> bool:
        """Return whether this is the offering model's half of a relation across models."""
        return self.other_half is not None and bool(self.other_half.offer)

    @property
    def key(self) -> str:
        """Return Juju's name of the relation, the requirer's end first."""
        return " ".join(str(end) for end in sorted(self.ends, key=lambda end: end.role != "requirer"))

    def local(self, application: str) -> RelationEnd | None:
        """Return the end of an application, if it has one."""
        return next((end for end in self.ends if end.application == application), None)

    def remote(self, application: str) -> RelationEnd:
        """Return the end of the other application; a peer relation has the same end on both sides."""
        return next((end for end in self.ends if end.application != application), self.ends[0])


@dataclass(frozen=True, kw_only=True)
class RelationState:
    """The versions of one relation's databags that a unit has handled.

    A member at version -1 has joined, and its first relation-changed event is due, even if its databag is empty.
    """

    application_version: int = 0
    members: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, kw_only=True)
class LocalState:
    """The events that one unit's hooks have handled so far."""

    installed: bool = False
    upgrade_due: bool = False
    leader_elected: bool = False
    config_hash: str | None = None
    started: bool = False
    stopped: bool = False
    removed: bool = False
    pebble_starts: Mapping[str, int] = field(default_factory=dict[str, int])
    relations: Mapping[int, RelationState] = field(default_factory=dict[int, RelationState])
    storage: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A failed hook, retried at ``retry_at`` or by ``juju resolved``; until it succeeds, no other hook runs."""

    event: Event
    attempts: int
    retry_at: float | None
    since: float


@dataclass(frozen=True, kw_only=True)
class Unit:
    """One unit.

    ``pod_error`` is the reason why its pod cannot start. ``pending_events`` happen once each: notices and checks.
    ``pebble_starts`` counts the starts of each container's Pebble, ``notices_until`` has those that run, with the time
    of the last notice that became an event. ``state`` is of state-set, ``downloaded`` its resources' times of upload.
    """

    name: str
    address: str
    life: Life = "alive"
    pod: bool = False
    pod_error: str = ""
    local_state: LocalState = LocalState()
    workload: Status = Status(current="waiting", message="installing agent")
    agent: Status = Status(current="allocating")
    charm_set_status: bool = False
    running: Event | None = None
    failure: Failure | None = None
    pending_events: tuple[Event, ...] = ()
    update_status_due: bool = False
    pebble_starts: Mapping[str, int] = field(default_factory=dict[str, int])
    notices_until: Mapping[str, str] = field(default_factory=dict[str, str])
    storage: tuple[str, ...] = ()
    ports: frozenset[str] = frozenset()
    state: Mapping[str, str] = field(default_factory=dict[str, str])
    downloaded: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def application(self) -> str:
        """Return the name of the unit's application."""
        return application_of(self.name)


@dataclass(frozen=True, kw_only=True)
class Application:
    """One application; ``config`` has only the operator's options, ``uploaded`` the times of the resources."""

    name: str
    charm: Charm
    scale: int
    life: Life = "alive"
    since: float = 0.0
    config: Mapping[str, OptionValue] = field(default_factory=dict[str, OptionValue])
    trust: bool = False
    exposed: bool = False
    resources: Mapping[str, str] = field(default_factory=dict[str, str])
    uploaded: Mapping[str, float] = field(default_factory=dict[str, float])
    storage: Mapping[str, int] = field(default_factory=dict[str, int])
    status: Status | None = None
    version: str = ""
    leader: str | None = None
    provider_id: str = ""
    units: Mapping[str, Unit] = field(default_factory=dict[str, Unit])

    @property
    def settings(self) -> dict[str, OptionValue]:
        """Return the options as the charm reads them: the defaults, overridden by the operator's values."""
        defaults = {name: opt.default for name, opt in self.charm.options.items() if opt.default is not None}
        return {**defaults, **self.config}


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One revision of a secret; ``expires`` is 0 if it never does, and then ``expiry_due`` is too.

    ``expiry_due`` is the time of the next secret-expired hook.
    """

    number: int
    content: Mapping[str, str] = field(repr=False)
    created: float = 0.0
    expires: float = 0.0
    expiry_due: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Tracking:
    """The revision that a unit reads, the unit's label, and the newest revision that it was notified of."""

    revision: int
    label: str = ""
    notified_revision: int = 0


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret.

    ``grants`` maps an application or a unit to the id of the relation that the grant ends with; a user secret's grant
    has -1. ``rotation_due`` is the time of the next secret-rotate hook, or 0. ``retired`` are the revisions whose
    secret-remove hook has run; with ``auto_prune``, a revision that no unit reads any more is removed. A secret of the
    kind "remote" is the copy of another model's, whose UUID is the owner, granted over a relation.
    """

    id: str
    owner_kind: Owner
    owner: str
    revisions: tuple[Revision, ...]
    label: str = ""
    name: str = ""
    description: str = ""
    rotate: str = ""
    rotation_due: float = 0.0
    created: float = 0.0
    updated: float = 0.0
    grants: Mapping[str, int] = field(default_factory=dict[str, int])
    tracking: Mapping[str, Tracking] = field(default_factory=dict[str, Tracking])
    retired: frozenset[int] = frozenset()
    auto_prune: bool = False

    @property
    def latest(self) -> Revision:
        """Return the newest revision."""
        return self.revisions[-1]

    def revision(self, number: int) -> Revision | None:
        """Return a revision by its number, unless it was removed."""
        return next((item for item in self.revisions if item.number == number), None)

    def owned_by(self, unit: str) -> bool:
        """Return whether a unit, or its application, owns the secret."""
        return (self.owner_kind == "unit" and self.owner == unit) or (
            self.owner_kind == "application" and self.owner == application_of(unit)
        )

    def readable_by(self, unit: str) -> bool:
        """Return whether a unit may read the content."""
        return self.owned_by(unit) or unit in self.grants or application_of(unit) in self.grants


@dataclass(frozen=True, kw_only=True)
class Task:
    """One run of an action, or of a command (``juju exec``), on one unit."""

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
    """One model; ``revisions`` counts the revisions of each local charm."""

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
    constraints: Mapping[str, Constraint] = field(default_factory=dict[str, Constraint])
    offers: Mapping[str, Offer] = field(default_factory=dict[str, Offer])
    saas: Mapping[str, Saas] = field(default_factory=dict[str, Saas])

    @property
    def agent_version(self) -> str:
        """Return the version of Juju that the charms of the model see."""
        return self.config.get("agent-version", JUJU_VERSION)

    def unit(self, name: str) -> Unit | None:
        """Return a unit by its name."""
        application = self.applications.get(application_of(name))
        return application.units.get(name) if application else None

    @property
    def units(self) -> tuple[Unit, ...]:
        """Return all units of the model."""
        return tuple(unit for application in self.applications.values() for unit in application.units.values())

    def leads(self, unit: str) -> bool:
        """Return whether a unit is its application's leader."""
        application = self.applications.get(application_of(unit))
        return application is not None and application.leader == unit

    def relations_of(self, application: str) -> tuple[Relation, ...]:
        """Return all relations of an application, peer relations too, oldest first."""
        return tuple(
            relation for _, relation in sorted(self.relations.items()) if relation.local(application) is not None
        )


def application_of(unit: str) -> str:
    """Return the application in a unit's name; an application's name is returned as it is."""
    return unit.partition("/")[0]


def named_application(model: Model, name: str) -> Application:
    """Return the application of a name."""
    application = model.applications.get(name)
    if application is None:
        raise JujuError(not_found(model, name))
    return application


def not_found(model: Model, name: str) -> str:
    """Return the error about a name that no application has."""
    # one that is being removed is not found either
    others = [other for other in model.applications if other != name]
    return f'application "{name}" not found{names.did_you_mean(name, others)}'


def named_unit(model: Model, name: str) -> Unit:
    """Return the unit of a name; ``APP/leader`` is the application's leader."""
    application, _, number = name.partition("/")
    if number == "leader" and application in model.applications:
        leader = model.applications[application].leader
        if leader is None:
            raise JujuError(f'could not determine leader for "{application}"')
        name = leader
    unit = model.unit(name)
    if unit is None:
        raise JujuError(f'unit "{name}" not found')
    return unit


def order(unit: str) -> tuple[str, int]:
    """Return the sort key of a unit's name: ``a/2`` comes before ``a/10``."""
    application, _, number = unit.partition("/")
    return application, int(number) if number.isdecimal() else -1


def with_unit(model: Model, unit: Unit) -> Model:
    """Return the model with a changed unit."""
    application = model.applications[unit.application]
    return with_application(model, dataclasses.replace(application, units={**application.units, unit.name: unit}))


def with_application(model: Model, application: Application) -> Model:
    """Return the model with a changed application."""
    return dataclasses.replace(model, applications={**model.applications, application.name: application})


def with_relation(model: Model, relation: Relation) -> Model:
    """Return the model with a changed relation."""
    return dataclasses.replace(model, relations={**model.relations, relation.id: relation})


def with_secret(model: Model, secret: Secret) -> Model:
    """Return the model with a changed secret."""
    return dataclasses.replace(model, secrets={**model.secrets, secret.id: secret})


def with_task(model: Model, task: Task) -> Model:
    """Return the model with a changed task."""
    return dataclasses.replace(model, tasks={**model.tasks, task.id: task})
