"""The options of a framework as a model, and validation errors as text."""

import collections.abc
import typing

import pydantic

Port = typing.Annotated[int, pydantic.Field(ge=1, le=65535)]


class Settings(pydantic.BaseModel):
    """Base of a framework's options.

    A field's alias is the option's name in ``juju config``. A field becomes an environment variable unless it is
    declared with ``exclude=True``.
    """

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")


class MetricsSettings(Settings):
    """Options for the address of the application's metrics; newer charms set it in ``paas-config.yaml``."""

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


def option_names(model: type[Settings], fields: collections.abc.Container[str]) -> frozenset[str]:
    """Return the names of the options that set these fields, as far as the model has them."""
    aliases = [declared.validation_alias for name, declared in model.model_fields.items() if name in fields]
    choices = [alias.choices if isinstance(alias, pydantic.AliasChoices) else [alias] for alias in aliases]
    return frozenset(str(name) for names in choices for name in names)


def problems(error: pydantic.ValidationError) -> collections.abc.Iterator[str]:
    """Return the key and the broken rule of each invalid value, never the value."""
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in problem["loc"])
        yield f"{where} ({_rule(problem['type'], problem['msg'])})"


def _rule(kind: str, message: str) -> str:
    """Return pydantic's message as a part of a sentence, without the name of a Python class."""
    if kind == "model_type":
        return "input should be a mapping of keys to values"
    rule = message.removeprefix("Value error, ")
    return rule if rule[1:2].isupper() else rule[:1].lower() + rule[1:]
