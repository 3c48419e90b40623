"""Shared parts of the charms for twelve-factor web applications."""

from .charm import CommandError, PaasCharm
from .integrations import CharmLibrary, Context, Integration
from .servers.gunicorn import GunicornSettings
from .values.extension import WorkloadContext
from .values.facts import Databags, Identity
from .values.framework import MIGRATIONS, FrameworkSpec, Ports, Server, Serving
from .values.settings import MetricsSettings, Port, Settings, problems
from .values.status import Blocked, Waiting
from .values.urls import path_prefix
from .values.workload import Check, File

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
