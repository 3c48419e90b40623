"""Outgoing mail, over the ``smtp`` interface."""

import typing

import pydantic

from paas_common.values import facts, settings

from ._integration import Context, Integration


class Smtp(pydantic.BaseModel):
    """A mail server."""

    model_config = pydantic.ConfigDict(frozen=True, extra="ignore")

    host: str = pydantic.Field(min_length=1)
    port: settings.Port
    user: str | None = None
    password: str | None = pydantic.Field(default=None, repr=False)
    auth_type: typing.Literal["none", "not_provided", "plain"]
    transport_security: typing.Literal["none", "starttls", "tls"]
    domain: str | None = None
    skip_ssl_verify: bool = False


def parse(bags: facts.Databags, _: Context) -> Smtp | None:
    """Return nothing until the provider has written something."""
    return Smtp.model_validate(bags.app) if bags.app else None


def env(data: Smtp, context: Context) -> facts.Text:
    """Name each value; what is ``none`` is left out."""
    given = {
        "HOST": data.host,
        "PORT": str(data.port),
        "USER": data.user,
        "PASSWORD": data.password,
        "AUTH_TYPE": None if data.auth_type == "none" else data.auth_type,
        "TRANSPORT_SECURITY": None if data.transport_security == "none" else data.transport_security,
        "DOMAIN": data.domain,
        "SKIP_SSL_VERIFY": str(data.skip_ssl_verify),
    }
    return {f"{context.stem}_{name}": value for name, value in given.items() if value is not None}


SMTP = Integration(
    interface="smtp",
    endpoint="smtp",
    stem="SMTP",
    provider="smtp-integrator",
    secrets=("password_id",),
    parse=parse,
    env=env,
)
