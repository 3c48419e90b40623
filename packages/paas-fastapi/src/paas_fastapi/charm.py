"""The charm of a FastAPI application: what the framework adds to the common charm, as data."""

import pathlib
import typing

import paas_common
from paas_common.servers import uvicorn

from .settings import FastapiSettings

FASTAPI: typing.Final = paas_common.Framework(
    name="fastapi",
    settings=FastapiSettings,
    prefix="APP_",
    settings_prefix="",
    port_names=("UVICORN_PORT",),
    metrics_port_names=("METRICS_PORT",),
    metrics_path_names=("METRICS_PATH",),
    reserved=("fastapi-", "webserver-", "app-"),
    ports=paas_common.Ports(app=8000, metrics=8000),
    app_dir="/app",
    migrations=paas_common.MIGRATIONS,
    state_dir="/tmp/fastapi/state",  # noqa: S108  a path inside the workload container, private to it
    cos=pathlib.Path(__file__).parent / "cos",
    server=uvicorn.server("/tmp/fastapi/log_config"),  # noqa: S108
)


class Charm(paas_common.PaasCharm):
    """Runs a FastAPI application under Uvicorn; a charm author extends it."""

    spec = FASTAPI
