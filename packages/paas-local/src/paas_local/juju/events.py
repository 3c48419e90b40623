"""What can happen to a unit: one small value per kind of event, and the hook that Juju runs for it.

The fields that each kind must have differ, so that a stored event is read back as the kind it was.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Change: TypeAlias = Literal["created", "joined", "changed", "departed", "broken"]


@dataclass(frozen=True, kw_only=True)
class Lifecycle:
    """An event that concerns the unit as a whole."""

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
    """A step of one relation; without a unit it concerns the remote application as a whole."""

    relation: int
    endpoint: str
    change: Change
    application: str
    unit: str = ""
    departing: str = ""


@dataclass(frozen=True, kw_only=True)
class PebbleReady:
    """A workload container's Pebble answers; ``boot`` counts its starts in this pod."""

    container: str
    boot: int


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A custom notice occurred in a workload container."""

    container: str
    notice: str
    key: str


@dataclass(frozen=True, kw_only=True)
class Check:
    """A health check of a workload container reached its threshold, or passed again."""

    container: str
    check: str
    outcome: Literal["failed", "recovered"]


@dataclass(frozen=True, kw_only=True)
class SecretStep:
    """A secret has a new revision (for readers), or an old one that nobody reads (for its owner)."""

    secret: str
    becomes: Literal["changed", "remove"]
    revision: int
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Storage:
    """A storage is there."""

    storage: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """A task of an operator: an action, or a command."""

    task: int
    action: str


Event: TypeAlias = Lifecycle | Related | PebbleReady | Notice | Check | SecretStep | Storage | Run


def hook(event: Event) -> str:
    """Name the hook; an action is named by its own name."""
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
        case Storage(storage=storage):
            name = f"{storage.partition('/')[0]}-storage-attached"
        case Run(action=action):
            name = action
    return name


def describe(event: Event) -> str:
    """Say what the unit is doing, in the words of ``juju status``."""
    match event:
        case Run(action=action):
            return f"running action {action}"
        case Related(unit=unit) if unit:
            return f"running {hook(event)} hook for {unit}"
        case SecretStep(secret=secret, becomes="changed"):
            return f"running secret-changed hook for secret:{secret}"
        case SecretStep(secret=secret, revision=revision):
            return f"running secret-remove hook for secret:{secret}/{revision}"
        case _:
            return f"running {hook(event)} hook"
