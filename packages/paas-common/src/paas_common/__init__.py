"""Shared parts of the charms for twelve-factor web applications."""

from paas_common.charm import CommandError, PaasCharm
from paas_common.integrations import Context, Integration
from paas_common.planning.extensions import Situation
from paas_common.servers.gunicorn import GunicornSettings
from paas_common.values.facts import Databags
from paas_common.values.settings import MetricsSettings, Port, Settings, problems
from paas_common.values.workload import MIGRATIONS, File, Framework, Hold, Ports

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
