"""Outgoing mail, over the ``smtp`` interface; ``skip_ssl_verify`` may be the text ``None`` (LIBPATCH 21)."""

import typing

import pydantic

from paas_common.values import settings
from paas_common.values.environment import EnvOverrides
from paas_common.values.facts import Databags

from ._integration import Context, Integration, never


class Smtp(pydantic.BaseModel):
    """A mail server."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    host: str = pydantic.Field(min_length=1)
    port: settings.Port
    user: str | None = None
    password: pydantic.SecretStr | None = None
    auth_type: typing.Literal["none", "not_provided", "plain"]
    transport_security: typing.Literal["none", "starttls", "tls"]
    domain: str | None = None
    skip_ssl_verify: bool = False

    @pydantic.field_validator("skip_ssl_verify", mode="before")
    @classmethod
    def _read_unset(cls, text: object) -> object:
        return False if text == "None" else text


def parse(databags: Databags, _: Context) -> Smtp | None:
    """Return None until the provider has written something."""
    return Smtp.model_validate(databags.app) if databags.app else None


def env(data: Smtp, context: Context) -> EnvOverrides:
    """Return each value; AUTH_TYPE and TRANSPORT_SECURITY are left out if they are ``none``."""
    values = {
        "HOST": data.host,
        "PORT": str(data.port),
        "USER": data.user,
        "PASSWORD": data.password,
        "AUTH_TYPE": None if data.auth_type == "none" else data.auth_type,
        "TRANSPORT_SECURITY": None if data.transport_security == "none" else data.transport_security,
        "DOMAIN": data.domain,
        "SKIP_SSL_VERIFY": str(data.skip_ssl_verify),
    }
    return {f"{context.env_prefix}_{name}": value for name, value in values.items()}


SMTP = Integration(
    interface="smtp",
    endpoint="smtp",
    env_prefix="SMTP",
    provider="smtp-integrator",
    secret_fields=("password_id",),
    parse=parse,
    reads_units=never,
    env=env,
)
