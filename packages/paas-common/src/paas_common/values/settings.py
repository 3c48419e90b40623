"""The options of a framework: what they accept, and how a refusal reads."""

import collections.abc
import typing

import pydantic

Port = typing.Annotated[int, pydantic.Field(ge=1, le=65535)]


class Settings(pydantic.BaseModel):
    """Base of a framework's options.

    A field's alias is the option's name in ``juju config``. Fields become environment variables unless they
    are declared with ``exclude=True``.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")


class MetricsSettings(Settings):
    """Where the application's own metrics are; the newer extension leaves it to ``paas-config.yaml``."""

    metrics_port: Port | None = pydantic.Field(
        default=None,
        alias="metrics-port",
        exclude=True,
        description="Port of the application's metrics.",
        json_schema_extra={"older_default": 8080},
    )
    metrics_path: str | None = pydantic.Field(
        default=None,
        alias="metrics-path",
        min_length=1,
        exclude=True,
        description="Path of the application's metrics.",
        json_schema_extra={"older_default": "/metrics"},
    )


def problems(error: pydantic.ValidationError) -> collections.abc.Iterator[str]:
    """Say in a few words what is wrong with each value, never showing the value."""
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in problem["loc"])
        what = problem["msg"].removeprefix("Value error, ")
        yield f"{where} ({what[:1].lower()}{what[1:]})"
