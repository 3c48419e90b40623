"""Shared parts of the charms for twelve-factor web applications.

Each name is imported at its first use, because a charm is a new process for each event.
"""

import typing

from . import lazy

if typing.TYPE_CHECKING:
    from .charm import PaasCharm
    from .integrations import CharmLibrary, Context, Integration
    from .pipeline import CommandError
    from .servers.gunicorn import GunicornSettings
    from .values.extension import WorkloadContext
    from .values.facts import Databags, Identity
    from .values.framework import MIGRATIONS, FrameworkSpec, Ports, Server, Serving
    from .values.settings import MetricsSettings, Port, Settings, problems
    from .values.status import Blocked, Waiting
    from .values.urls import path_prefix
    from .values.workload import Check, File

_MODULES: typing.Final = {
    "charm": ("PaasCharm",),
    "integrations": ("CharmLibrary", "Context", "Integration"),
    "pipeline": ("CommandError",),
    "servers.gunicorn": ("GunicornSettings",),
    "values.extension": ("WorkloadContext",),
    "values.facts": ("Databags", "Identity"),
    "values.framework": ("MIGRATIONS", "FrameworkSpec", "Ports", "Server", "Serving"),
    "values.settings": ("MetricsSettings", "Port", "Settings", "problems"),
    "values.status": ("Blocked", "Waiting"),
    "values.urls": ("path_prefix",),
    "values.workload": ("Check", "File"),
}

__all__ = [
    "MIGRATIONS",
    "Blocked",
    "CharmLibrary",
    "Check",
    "CommandError",
    "Context",
    "Databags",
    "File",
    "FrameworkSpec",
    "GunicornSettings",
    "Identity",
    "Integration",
    "MetricsSettings",
    "PaasCharm",
    "Port",
    "Ports",
    "Server",
    "Serving",
    "Settings",
    "Waiting",
    "WorkloadContext",
    "path_prefix",
    "problems",
]

__getattr__ = lazy.names(__name__, {name: module for module, names in _MODULES.items() for name in names})
