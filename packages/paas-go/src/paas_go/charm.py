"""The charm of a Go application: what the framework adds to the common charm, as data.

Charms of two generations name the ports differently, so that both names are set.
"""

import pathlib
import typing

import paas_common

from .settings import GoSettings

GO: typing.Final = paas_common.Framework(
    name="go",
    settings=GoSettings,
    prefix="APP_",
    settings_prefix="APP_",
    port_names=("APP_PORT", "PORT"),
    metrics_port_names=("APP_METRICS_PORT", "METRICS_PORT"),
    metrics_path_names=("APP_METRICS_PATH", "METRICS_PATH"),
    reserved=("go-", "webserver-", "app-"),
    ports=paas_common.Ports(app=8080, metrics=8080),
    app_dir="/app",
    migrations=paas_common.MIGRATIONS,
    state_dir="/tmp/go/state",  # noqa: S108  a path inside the workload container, private to it
    cos=pathlib.Path(__file__).parent / "cos",
)


class Charm(paas_common.PaasCharm):
    """Runs a Go application; a charm author extends it."""

    spec = GO
