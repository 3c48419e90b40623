"""A packed charm's declarations, as far as a model is concerned."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Role: TypeAlias = Literal["provider", "requirer", "peer"]
OptionValue: TypeAlias = str | int | float | bool


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One relation endpoint; ``limit`` is the largest number of relations that it accepts."""

    name: str
    interface: str
    role: Role
    limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class Container:
    """One workload container; ``mounts`` maps a path in it to the name of the storage mounted there."""

    name: str
    resource: str | None = None
    uid: int | None = None
    mounts: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class StorageRange:
    """The numbers of instances that a unit may have of one storage; without a maximum, any number."""

    minimum: int = 1
    maximum: int | None = 1


@dataclass(frozen=True, kw_only=True)
class Option:
    """One configuration option."""

    type: str = "string"
    default: OptionValue | None = None
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One action; ``schema`` is the JSON schema of its parameters."""

    schema: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class Charm:
    """A packed charm; ``folder`` has its unpacked files.

    ``storage`` are the names of its storage; ``multiple`` has the ranges of those that are not singular.
    ``images`` are its resources of type oci-image; ``files`` are those of type file, each with its file name.
    """

    name: str
    folder: str
    revision: int = 0
    base: str = "ubuntu@24.04"
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict[str, Endpoint])
    containers: Mapping[str, Container] = field(default_factory=dict[str, Container])
    storage: tuple[str, ...] = ()
    multiple: Mapping[str, StorageRange] = field(default_factory=dict[str, StorageRange])
    images: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    options: Mapping[str, Option] = field(default_factory=dict[str, Option])
    actions: Mapping[str, Action] = field(default_factory=dict[str, Action])
