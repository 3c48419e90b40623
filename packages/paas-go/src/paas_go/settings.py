"""The options of a Go charm, as ``juju config`` has them."""

import paas_common
import pydantic


class GoSettings(paas_common.Settings):
    """What an operator can set."""

    port: paas_common.Port | None = pydantic.Field(
        default=None, validation_alias=pydantic.AliasChoices("app-port", "port"), exclude=True
    )
    metrics_port: paas_common.Port | None = pydantic.Field(default=None, alias="metrics-port", exclude=True)
    metrics_path: str | None = pydantic.Field(default=None, alias="metrics-path", min_length=1, exclude=True)
