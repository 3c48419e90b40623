"""The events of a unit, one frozen value per kind, and the hook that Juju runs for each.

The required fields of the kinds differ, so that pydantic reads a stored event back as the same kind.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

RelationStep: TypeAlias = Literal["created", "joined", "changed", "departed", "broken"]


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """An event of the unit as a whole."""

    step: Literal[
        "install",
        "upgrade-charm",
        "leader-elected",
        "config-changed",
        "start",
        "update-status",
        "stop",
        "remove",
    ]


@dataclass(frozen=True, kw_only=True)
class Related:
    """An event of one relation; without a unit it is about the remote application's databag."""

    relation: int
    endpoint: str
    change: RelationStep
    application: str
    unit: str = ""
    departing: str = ""


@dataclass(frozen=True, kw_only=True)
class PebbleReady:
    """A workload container's Pebble answers; ``start`` numbers the starts of Pebble in this pod."""

    container: str
    start: int


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A custom notice occurred in a workload container."""

    container: str
    notice: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A health check of a workload container failed up to its threshold, or recovered."""

    container: str
    check: str
    outcome: Literal["failed", "recovered"]


@dataclass(frozen=True, kw_only=True)
class SecretStep:
    """A secret has a new revision (for its readers).

    Or, for its owner: it is due for a new one, or one has expired, or no unit reads one.
    """

    secret: str
    becomes: Literal["changed", "rotate", "expired", "remove"]
    revision: int
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A storage is attached, or is about to be detached because its unit is removed."""

    storage: str
    change: Literal["attached", "detaching"] = "attached"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A task is due: an action, or a command of ``juju exec``."""

    task: int
    action: str


Event: TypeAlias = Lifecycle | Related | PebbleReady | Notice | Check | SecretStep | Storage | Run


def hook(event: Event) -> str:
    """Return the hook's name; for an action, the action's."""
    match event:
        case Lifecycle(step=step):
            name = step
        case Related(endpoint=endpoint, change=change):
            name = f"{endpoint}-relation-{change}"
        case PebbleReady(container=container):
            name = f"{container}-pebble-ready"
        case Notice(container=container):
            name = f"{container}-pebble-custom-notice"
        case Check(container=container, outcome=outcome):
            name = f"{container}-pebble-check-{outcome}"
        case SecretStep(becomes=becomes):
            name = f"secret-{becomes}"
        case Storage(storage=storage, change=change):
            name = f"{storage.partition('/')[0]}-storage-{change}"
        case Run(action=action):
            name = action
    return name


def agent_message(event: Event) -> str:
    """Return the message of the agent's status while the event's hook runs."""
    match event:
        case Run(action=action):
            return f"running action {action}"
        case Related(unit=unit) if unit:
            return f"running {hook(event)} hook for {unit}"
        case SecretStep(secret=secret, becomes="changed" | "rotate"):
            return f"running {hook(event)} hook for secret:{secret}"
        case SecretStep(secret=secret, revision=revision):
            return f"running {hook(event)} hook for secret:{secret}/{revision}"
        case _:
            return f"running {hook(event)} hook"
