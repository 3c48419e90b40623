"""The FastAPI framework as data."""

import pathlib
import typing

import paas_common
from paas_common.servers import uvicorn

from .settings import FastapiSettings

FASTAPI: typing.Final = paas_common.FrameworkSpec(
    name="fastapi",
    settings=FastapiSettings,
    env_prefix="APP_",
    option_env_prefix="",
    port_variables=("UVICORN_PORT",),
    metrics_port_variables=("METRICS_PORT",),
    metrics_path_variables=("METRICS_PATH",),
    ports=paas_common.Ports(app=8000, metrics=8000),
    app_dir="/app",
    migrations=paas_common.MIGRATIONS,
    state_dir="/tmp/fastapi/state",  # noqa: S108  a path inside the workload container, private to it
    cos=pathlib.Path(__file__).parent / "cos",
    server=uvicorn.server("/tmp/fastapi/log_config"),  # noqa: S108
)
