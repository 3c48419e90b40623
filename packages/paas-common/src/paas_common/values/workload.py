"""The vocabulary of decisions: what a framework is, what should run, and what stands in the way."""

import collections.abc
import dataclasses
import pathlib
import typing

from paas_common.values import facts
from paas_common.values.environment import Environment
from paas_common.values.settings import Settings

NEWER_CONTAINER: typing.Final = "app"
NEWER_KEY_OPTION: typing.Final = "app-secret-key"
Command = tuple[str, ...]
MIGRATIONS: typing.Final[collections.abc.Mapping[str, Command]] = {
    "manage.py": ("python3", "manage.py", "migrate"),
    "migrate.py": ("python3", "migrate.py"),
    "migrate.sh": ("bash", "-eo", "pipefail", "migrate.sh"),
    "migrate": ("{app_dir}/migrate",),
}
"""What the images of Canonical's frameworks have to migrate a database, whatever the framework."""
Entry = collections.abc.Mapping[str, object]
"""One entry of a Pebble layer, as plain data."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hold:
    """A reason to leave the workload as it is, in words for the operator."""

    kind: typing.Literal["waiting", "blocked"]
    reason: str
    stop: bool = False
    """The services must not go on either: they lost something that they require."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class File:
    """A file that the charm keeps in the container; it belongs to the application's user, and no other may read it."""

    path: str
    content: str = dataclasses.field(repr=False)
    candidate: str | None = None
    """Where a new content lies while it is checked; without checks it is put in force at once."""
    on_change: typing.Literal["restart", "reload", "nothing"] = "restart"
    """What a running application needs to see a new content; ``reload`` is SIGHUP, to the main service."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Check:
    """A command that must succeed before the rest may happen."""

    command: Command
    refusal: str
    """What a failure means, in words for the operator."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Serving:
    """What a server has to know besides its own options."""

    port: int
    json_logs: bool
    """Log lines are JSON."""
    public: str | None
    """The address that an ingress has given the application, where there is one."""
    traces: bool
    """A backend receives traces; where, stands in the environment."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """The program in front of the application, where it has configuration files of its own.

    ``checks`` gets the service's command as it will be.
    """

    files: collections.abc.Callable[[Settings, Serving], tuple[File, ...]]
    command: collections.abc.Callable[[str, Settings], "str | Refusal"]
    checks: collections.abc.Callable[[str, Settings], tuple[Check, ...]]
    variables: collections.abc.Callable[[facts.Text, Serving], facts.Text]
    """What the server finds in the environment, given what is there already."""


@dataclasses.dataclass(frozen=True)
class Refusal:
    """Why the image's command cannot be given what the options ask for."""

    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ports:
    """Where an application listens."""

    app: int
    metrics: int
    metrics_path: str = "/metrics"


def _nothing(_: Settings, __: str) -> collections.abc.Mapping[str, str]:
    return {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Framework:
    """Everything that differs between frameworks, as data.

    Of the settings' fields, ``port``, ``metrics_port`` and ``metrics_path`` are where the framework has options for
    them; they are declared with ``exclude=True``, because their variables have several names.
    """

    name: str
    """Also the name of the main service in the image."""
    settings: type[Settings]
    prefix: str
    """What the application's own variables start with."""
    settings_prefix: str
    """What the variables of the framework's options start with."""
    port_names: tuple[str, ...] = ()
    """Variables that tell the application its port; Gunicorn's configuration does it elsewhere."""
    metrics_port_names: tuple[str, ...]
    metrics_path_names: tuple[str, ...]
    reserved: tuple[str, ...]
    """Options that start so are the framework's, not the author's."""
    shadowed: tuple[str, ...] = ()
    """Names, beside those of the settings' fields, under which an author's option is left out."""
    ports: Ports
    """Where the application listens unless an option or the charm's ``paas-config.yaml`` says otherwise."""
    app_dir: str
    migrations: collections.abc.Mapping[str, Command]
    """The command for each file in ``app_dir`` that can migrate; the first file that the image has wins."""
    state_dir: str
    server: Server | None = None
    derived: collections.abc.Callable[[Settings, str], collections.abc.Mapping[str, str]] = _nothing
    """Variables that follow from the options and the application's base URL."""
    requires_database: bool = False
    """Nothing works without a database, whatever the charm's author declares as optional."""
    user: str = "_daemon_"
    """The account in the image that runs the services and owns their files."""

    container: str = NEWER_CONTAINER
    """The workload container's name under the older generation of charmcraft's extension."""
    key_option: str = NEWER_KEY_OPTION
    """The option that overrides the generated secret key, under the older generation."""
    actions: collections.abc.Mapping[str, Entry] = dataclasses.field(default_factory=dict[str, Entry])
    """The framework's own actions, as charmcraft.yaml has them."""
    cos: pathlib.Path | None = None
    """The folder of the framework's dashboards and alert rules."""

    @property
    def containers(self) -> tuple[str, ...]:
        """The workload container's name, newest generation first."""
        return tuple(dict.fromkeys((NEWER_CONTAINER, self.container)))

    @property
    def key_options(self) -> tuple[str, ...]:
        """The option that overrides the generated secret key, newest generation first."""
        return tuple(dict.fromkeys((NEWER_KEY_OPTION, self.key_option)))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Migration:
    """A command that brings the database up to the image."""

    command: Command
    fingerprint: str
    """Tells one pair of image and databases from another."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Workload:
    """What should run, complete enough to compare with what does."""

    service: str
    """The service that answers on ``port``."""
    services: collections.abc.Mapping[str, Entry]
    """The entries of the charm's layer; each replaces the image's."""
    environment: Environment
    port: int
    app_dir: str
    state_dir: str
    user: str
    files: tuple[File, ...] = ()
    """The server's configuration, where it has one, and what else the application reads."""
    idle: tuple[str, ...] = ()
    """Services that this unit must not run."""
    more_ports: tuple[int, ...] = ()
    """What else is open to the network, for the charm's author."""
    announces_starts: bool = False
    """The charm's author has something to do after each start."""
    checks: tuple[Check, ...] = ()
    migration: Migration | None = None
    """The migration that is due now."""
    health: Entry
    log_targets: collections.abc.Mapping[str, Entry] = dataclasses.field(default_factory=dict[str, Entry])
    """Where Pebble sends the services' lines, by name; what else it sends to on our behalf is to be switched off."""

    @property
    def layer(self) -> dict[str, dict[str, Entry]]:
        """Give the charm's layer as data."""
        return {"services": dict(self.services), "checks": {HEALTH_CHECK: self.health}}


HEALTH_CHECK: typing.Final = "answers"


def worst(holds: collections.abc.Sequence[Hold]) -> Hold:
    """Make one of one or more: the worst kind decides, and every reason is told, the worst first."""
    ordered = sorted(holds, key=lambda hold: hold.kind)
    return Hold(
        kind=ordered[0].kind,
        reason="; ".join(hold.reason for hold in ordered),
        stop=any(hold.stop for hold in holds),
    )
