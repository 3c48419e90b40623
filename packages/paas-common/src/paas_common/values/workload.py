"""The workload that should run in the container."""

import collections.abc
import dataclasses
import typing

from paas_common.values.environment import Environment
from paas_common.values.facts import StrMap

Command = tuple[str, ...]
LayerEntry = collections.abc.Mapping[str, object]
"""One service, check or log target of a Pebble layer, as plain data."""
HEALTH_CHECK: typing.Final = "answers"
"""Name of the charm's check in the Pebble layer."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class File:
    """A file that the charm keeps in the container; the application's user owns it and no other user may read it."""

    path: str
    """Absolute path in the container."""
    content: str = dataclasses.field(repr=False)
    """The whole text."""
    candidate: str | None = None
    """Path of new content while the checks run; without one the content is written at once."""
    on_change: typing.Literal["restart", "reload", "nothing"] = "restart"
    """The step after which a running application uses new content; ``reload`` sends SIGHUP to the main service."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """A command that must succeed before anything else changes."""

    command: Command
    """The program and its arguments."""
    failure: str
    """The meaning of a failure, in words for the operator."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Migration:
    """A command that migrates the databases to the image's schema."""

    command: Command
    fingerprint: str
    """Identifies the image and the databases."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class BeforeStart:
    """A command that prepares each new container before the application starts in it."""

    command: Command
    fingerprint: str
    """Identifies the image."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Workload:
    """Everything that should run, complete enough to compare with what runs."""

    service: str
    """The main service, which listens on ``port``."""
    services: collections.abc.Mapping[str, LayerEntry] = dataclasses.field(repr=False)
    """The services of the charm's layer, secrets in plain text; each replaces the image's service."""
    environment: Environment
    port: int
    app_dir: str
    state_dir: str
    user: str
    files: tuple[File, ...] = ()
    idle: tuple[str, ...] = ()
    """Services of the image that this unit must not run."""
    extra_ports: tuple[int, ...] = ()
    """Ports that the charm opens in addition."""
    calls_after_start: bool = False
    """The charm class overrides ``after_start``."""
    checks: tuple[Check, ...] = ()
    migration: Migration | None = None
    """The migration that this unit must run now."""
    before_start: BeforeStart | None = None
    """The step that must succeed in this container before the application starts."""
    health: LayerEntry | None
    """The check of the application; None if it has none."""
    health_path: str = ""
    """The path that the check requests; empty if it only connects."""
    log_targets: collections.abc.Mapping[str, LayerEntry] = dataclasses.field(default_factory=dict[str, LayerEntry])
    """The log targets of Pebble's plan, by name; other targets that the charm added must be disabled."""

    @property
    def layer(self) -> dict[str, dict[str, LayerEntry]]:
        """Return the charm's Pebble layer as plain data."""
        checks = {HEALTH_CHECK: self.health} if self.health else {}
        return {"services": dict(self.services), "checks": checks}

    @property
    def service_environment(self) -> StrMap:
        """Return the main service's whole environment: the image's variables and the application's."""
        return typing.cast("StrMap", self.services[self.service]["environment"])

    @property
    def ports(self) -> frozenset[int]:
        """Return all ports to open."""
        return frozenset((self.port, *self.extra_ports))
