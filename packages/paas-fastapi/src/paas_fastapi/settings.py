"""Options of a FastAPI charm, as ``juju config`` shows them."""

import typing

import paas_common
import pydantic


class FastapiSettings(paas_common.MetricsSettings):
    """Options of FastAPI; Uvicorn reads them from variables without the application's prefix."""

    web_concurrency: int = pydantic.Field(
        default=1,
        alias="webserver-workers",
        gt=0,
        description="Number of worker processes; it is set as WEB_CONCURRENCY.",
    )
    uvicorn_host: str = pydantic.Field(
        default="0.0.0.0",  # noqa: S104  all addresses of its own pod
        alias="webserver-host",
        min_length=1,
        description="Address that Uvicorn listens on; it is set as UVICORN_HOST.",
        json_schema_extra={"undeclared": True},
    )
    uvicorn_log_level: typing.Literal["critical", "error", "warning", "info", "debug", "trace"] = pydantic.Field(
        default="info",
        alias="webserver-log-level",
        description="Log level of Uvicorn: critical, error, warning, info, debug or trace; it is set as "
        "UVICORN_LOG_LEVEL.",
    )
    port: paas_common.Port | None = pydantic.Field(
        default=None,
        alias="webserver-port",
        exclude=True,
        description="Port that the application listens on; it is set as UVICORN_PORT.",
        json_schema_extra={"older_default": 8080},
    )
