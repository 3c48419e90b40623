"""Shared parts of the charms for twelve-factor web applications."""

from .charm import CommandError, PaasCharm
from .gunicorn import GunicornSettings
from .settings import MetricsSettings, Port, Settings, problems
from .workload import MIGRATIONS, Framework, Ports

__all__ = [
    "MIGRATIONS",
    "CommandError",
    "Framework",
    "GunicornSettings",
    "MetricsSettings",
    "PaasCharm",
    "Port",
    "Ports",
    "Settings",
    "problems",
]
