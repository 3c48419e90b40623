"""Options of a Go charm, as ``juju config`` shows them."""

import paas_common
import pydantic


class GoSettings(paas_common.MetricsSettings):
    """Options of Go."""

    port: paas_common.Port | None = pydantic.Field(
        default=None,
        validation_alias=pydantic.AliasChoices("app-port", "port"),
        exclude=True,
        description="Port that the application listens on; it is set as APP_PORT and PORT.",
        json_schema_extra={"older_default": 8080},
    )
