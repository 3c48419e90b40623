"""The Go framework as data.

Older and newer charms name the port variables differently, so both names are set.
"""

import pathlib
import typing

import paas_common

from .settings import GoSettings

GO: typing.Final = paas_common.FrameworkSpec(
    name="go",
    settings=GoSettings,
    env_prefix="APP_",
    option_env_prefix="APP_",
    port_variables=("APP_PORT", "PORT"),
    metrics_port_variables=("APP_METRICS_PORT", "METRICS_PORT"),
    metrics_path_variables=("APP_METRICS_PATH", "METRICS_PATH"),
    ports=paas_common.Ports(app=8080, metrics=8080),
    app_dir="/app",
    migrations=paas_common.MIGRATIONS,
    state_dir="/tmp/go/state",  # noqa: S108  a path inside the workload container, private to it
    cos=pathlib.Path(__file__).parent / "cos",
)
