"""The options of a FastAPI charm, as ``juju config`` has them."""

import typing

import paas_common
import pydantic


class FastapiSettings(paas_common.Settings):
    """What an operator can set; Uvicorn reads its own variables, which have no prefix of the application's."""

    web_concurrency: int = pydantic.Field(default=1, alias="webserver-workers", gt=0)
    uvicorn_host: str = pydantic.Field(default="0.0.0.0", alias="webserver-host", min_length=1)  # noqa: S104  in a pod
    uvicorn_log_level: typing.Literal["critical", "error", "warning", "info", "debug", "trace"] = pydantic.Field(
        default="info", alias="webserver-log-level"
    )
    port: paas_common.Port | None = pydantic.Field(default=None, alias="webserver-port", exclude=True)
    metrics_port: paas_common.Port | None = pydantic.Field(default=None, alias="metrics-port", exclude=True)
    metrics_path: str | None = pydantic.Field(default=None, alias="metrics-path", min_length=1, exclude=True)
