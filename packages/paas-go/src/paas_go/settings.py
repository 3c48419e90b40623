"""The options of a Go charm, as ``juju config`` has them."""

import paas_common
import pydantic


class GoSettings(paas_common.Settings):
    """What an operator can set."""

    port: paas_common.Port | None = pydantic.Field(
        default=None,
        validation_alias=pydantic.AliasChoices("app-port", "port"),
        exclude=True,
        description="Port that the application listens on; it arrives as APP_PORT and PORT.",
        json_schema_extra={"older_default": 8080},
    )
    metrics_port: paas_common.Port | None = pydantic.Field(
        default=None,
        alias="metrics-port",
        exclude=True,
        description="Port of the application's metrics; it arrives as APP_METRICS_PORT and METRICS_PORT.",
        json_schema_extra={"older_default": 8080},
    )
    metrics_path: str | None = pydantic.Field(
        default=None,
        alias="metrics-path",
        min_length=1,
        exclude=True,
        description="Path of the application's metrics; it arrives as APP_METRICS_PATH and METRICS_PATH.",
        json_schema_extra={"older_default": "/metrics"},
    )
