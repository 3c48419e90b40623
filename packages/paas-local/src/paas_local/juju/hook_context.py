"""The context of one running hook: the model when it began, and the writes that its success commits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from paas_local.juju.events import Event
from paas_local.juju.model import Model, Relation, RelationEnd, Secret, application_of

DatabagKey: TypeAlias = tuple[int, str]
"""A relation's id, and the unit or application that owns the databag."""


@dataclass(frozen=True, kw_only=True)
class SecretChange:
    """The changes of a ``secret-set``; None leaves a field as it is."""

    content: Mapping[str, str] | None = field(default=None, repr=False)
    label: str | None = None
    description: str | None = None
    rotate: str | None = None
    expires: float | None = None


@dataclass(frozen=True, kw_only=True)
class Grant:
    """A secret's grant to a reader for the life of a relation, or its revocation."""

    secret: str
    relation: int
    reader: str
    revoke: bool = False


@dataclass(frozen=True, kw_only=True)
class PendingWrites:
    """The writes that take effect when the hook succeeds; an empty value deletes a key of a databag."""

    databags: Mapping[DatabagKey, Mapping[str, str]] = field(default_factory=dict[DatabagKey, Mapping[str, str]])
    added: Mapping[str, Secret] = field(default_factory=dict[str, Secret])
    changed: Mapping[str, SecretChange] = field(default_factory=dict[str, SecretChange])
    removed: Mapping[str, int | None] = field(default_factory=dict[str, int | None])
    """The removed secrets, each as a whole or one revision of it: the last ``secret-remove`` of a hook counts."""
    grants: tuple[Grant, ...] = ()
    ports: frozenset[str] | None = None
    """All open ports, once the hook has opened or closed one."""
    state: Mapping[str, str | None] = field(default_factory=dict[str, str | None])
    storage: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, kw_only=True)
class HookContext:
    """One hook of one unit; ``snapshot`` keeps options and remote databags constant while it runs."""

    unit: str
    event: Event
    snapshot: Model
    writes: PendingWrites = PendingWrites()

    @property
    def application(self) -> str:
        """Return the name of the unit's application."""
        return application_of(self.unit)

    def local_end(self, relation: Relation) -> RelationEnd:
        """Return this unit's end of a relation."""
        return relation.local(self.application) or relation.ends[0]


def overlay(data: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    """Return a databag's data with the changes applied; an empty value deletes its key."""
    merged = {**data, **changes}
    return {key: value for key, value in merged.items() if value}
