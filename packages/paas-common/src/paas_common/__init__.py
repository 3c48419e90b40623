"""Shared parts of the charms for twelve-factor web applications."""

from .author import Situation
from .charm import CommandError, PaasCharm
from .facts import Databags
from .gunicorn import GunicornSettings
from .integrations import Context, Integration
from .settings import MetricsSettings, Port, Settings, problems
from .workload import MIGRATIONS, File, Framework, Hold, Ports

__all__ = [
    "MIGRATIONS",
    "CommandError",
    "Context",
    "Databags",
    "File",
    "Framework",
    "GunicornSettings",
    "Hold",
    "Integration",
    "MetricsSettings",
    "PaasCharm",
    "Port",
    "Ports",
    "Settings",
    "Situation",
    "problems",
]
