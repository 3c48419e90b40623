"""What one running hook has read when it began, and what it means to write when it ends well."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from paas_local.juju.events import Event
from paas_local.juju.model import Model, Relation, Secret, Side

BagKey: TypeAlias = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class SecretChange:
    """What ``secret-set`` asked for; what is None stays."""

    content: Mapping[str, str] | None = field(default=None, repr=False)
    label: str | None = None
    description: str | None = None
    rotate: str | None = None
    expire: str | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """Who may read a secret as long as a relation lives, or no longer may."""

    secret: str
    relation: int
    reader: str
    revoke: bool = False


@dataclass(frozen=True, kw_only=True)
class Writes:
    """Everything that waits for the end of the hook; an empty value deletes a key of a databag."""

    bags: Mapping[BagKey, Mapping[str, str]] = field(default_factory=dict[BagKey, Mapping[str, str]])
    added: Mapping[str, Secret] = field(default_factory=dict[str, Secret])
    changed: Mapping[str, SecretChange] = field(default_factory=dict[str, SecretChange])
    removed: tuple[tuple[str, int | None], ...] = ()
    grants: tuple[Grant, ...] = ()
    opened: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    state: Mapping[str, str | None] = field(default_factory=dict[str, str | None])


@dataclass(frozen=True, kw_only=True)
class Context:
    """One hook of one unit; config and remote databags do not change while it runs."""

    unit: str
    event: Event
    snapshot: Model
    writes: Writes = Writes()

    @property
    def application(self) -> str:
        """Name the unit's application."""
        return self.unit.partition("/")[0]

    def side(self, relation: Relation) -> Side:
        """Find this unit's end of a relation that it takes part in."""
        return relation.local(self.application) or relation.sides[0]


def overlay(data: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Show a databag with the writes of this hook over it."""
    merged = {**data, **changes}
    return {key: value for key, value in merged.items() if value}
