"""Shared parts of the charms for twelve-factor web applications."""

from .charm import PaasCharm
from .gunicorn import GunicornSettings
from .settings import Settings
from .workload import Framework, Ports

__all__ = ["Framework", "GunicornSettings", "PaasCharm", "Ports", "Settings"]
