"""Shared parts of the charms for twelve-factor web applications."""

from .charm import CommandError, PaasCharm
from .gunicorn import GunicornSettings
from .settings import Port, Settings, problems
from .workload import Framework, Ports

__all__ = ["CommandError", "Framework", "GunicornSettings", "PaasCharm", "Port", "Ports", "Settings", "problems"]
