"""Everything that differs between frameworks, as data."""

import collections.abc
import dataclasses
import pathlib
import typing

from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import StrMap
from paas_common.values.settings import Settings
from paas_common.values.status import Blocked
from paas_common.values.workload import Check, Command, File, LayerEntry

NEWER_CONTAINER: typing.Final = "app"
"""The workload container under charmcraft's extensions for base ubuntu@26.04."""
NEWER_KEY_OPTION: typing.Final = "app-secret-key"
"""The secret key option under charmcraft's extensions for base ubuntu@26.04."""
MIGRATIONS: typing.Final[collections.abc.Mapping[str, Command]] = {
    "manage.py": ("python3", "manage.py", "migrate"),
    "migrate.py": ("python3", "migrate.py"),
    "migrate.sh": ("bash", "-eo", "pipefail", "migrate.sh"),
    "migrate": ("{app_dir}/migrate",),
}
"""Migration command by the file of ``app_dir`` that it runs, in order of precedence."""
BEFORE_START: typing.Final[collections.abc.Mapping[str, Command]] = {
    "before-start.sh": ("bash", "-eo", "pipefail", "before-start.sh"),
    "before-start": ("{app_dir}/before-start",),
}
"""Command that prepares each container, by the file of ``app_dir`` that it runs, in order of precedence."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ports:
    """Addresses that the application listens on in its pod."""

    app: int
    """The application's port."""
    metrics: int
    """The port of the metrics."""
    metrics_path: str = "/metrics"
    """The path of the metrics."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Serving:
    """Facts for a server's configuration, apart from its own options."""

    port: int
    """The port that the server listens on."""
    json_logs: bool
    """Log lines are JSON."""
    public_url: str | None
    """The application's URL at an ingress; None without one."""
    traces: bool
    """A tracing backend is related; its address is in the environment."""


def _no_variables(_: StrMap, __: Serving) -> StrMap:
    return {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Server:
    """The server program in front of the application."""

    files: collections.abc.Callable[[Settings, Serving], tuple[File, ...]]
    """Returns the server's configuration files."""
    command: collections.abc.Callable[[str, Settings], str | Blocked]
    """Returns the service's command, made from the image's."""
    checks: collections.abc.Callable[[str, Settings], tuple[Check, ...]]
    """Returns what must succeed before new files are used; the argument is the service's command."""
    variables: collections.abc.Callable[[StrMap, Serving], StrMap] = _no_variables
    """Returns the server's variables; the argument is the environment without them."""


def _no_derived_env(_: Settings, __: str) -> EnvOverrides:
    return {}


@dataclasses.dataclass(frozen=True, kw_only=True)
class FrameworkSpec:
    """A framework: its image, its options, its server and its variables.

    The settings' fields ``port``, ``metrics_port`` and ``metrics_path`` are the framework's options for them, if it
    has such options. They are declared with ``exclude=True``, because their variables have several names.
    """

    name: str
    """The framework's name and the name of the image's main service."""
    settings: type[Settings]
    """Model of the framework's options."""
    env_prefix: str
    """Prefix of the application's variables: the charm's own options, the secret key, the base URL."""
    option_env_prefix: str
    """Prefix of the variables that the framework's options become."""
    port_variables: tuple[str, ...] = ()
    """Variables that hold the port; empty if the server's configuration holds it."""
    metrics_port_variables: tuple[str, ...]
    """Variables that hold the port of the metrics."""
    metrics_path_variables: tuple[str, ...]
    """Variables that hold the path of the metrics."""
    ports: Ports
    """Ports unless an option or the charm's ``paas-config.yaml`` sets others."""
    app_dir: str
    """The application's folder in the container."""
    migrations: collections.abc.Mapping[str, Command]
    """Migration command by the file of ``app_dir`` that it runs; the first file that the image has is used."""
    state_dir: str
    """Folder in the container for the charm's notes; it must not outlive the container."""
    server: Server | None = None
    """The server program in front of the application; None if the application listens itself."""
    derived_env: collections.abc.Callable[[Settings, str], EnvOverrides] = _no_derived_env
    """Returns variables that follow from the options and the application's base URL."""
    key_fallbacks: bool = False
    """The framework accepts what the previous secret key has signed; the variable ``SECRET_KEY_FALLBACKS`` has it."""
    requires_database: bool = False
    """The framework cannot run without a database, even if the charm declares all of them optional."""
    user: str = "_daemon_"
    """The image's account that runs the services and owns their files."""
    container: str = NEWER_CONTAINER
    """The workload container under charmcraft's extension for bases before ubuntu@26.04."""
    key_option: str = NEWER_KEY_OPTION
    """The secret key option under charmcraft's extension for bases before ubuntu@26.04."""
    actions: collections.abc.Mapping[str, LayerEntry] = dataclasses.field(default_factory=dict[str, LayerEntry])
    """The framework's own actions, as charmcraft.yaml declares them."""
    cos: pathlib.Path | None = None
    """Folder of the framework's dashboards and alert rules."""

    @property
    def containers(self) -> tuple[str, ...]:
        """Return the names of the workload container, the newest extension's first."""
        return tuple(dict.fromkeys((NEWER_CONTAINER, self.container)))

    @property
    def key_options(self) -> tuple[str, ...]:
        """Return the names of the secret key option, the newest extension's first."""
        return tuple(dict.fromkeys((NEWER_KEY_OPTION, self.key_option)))
