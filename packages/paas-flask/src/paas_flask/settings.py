"""The options of a Flask charm, as ``juju config`` has them."""

import typing

import paas_common
import pydantic
from paas_common.values import urls


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class FlaskSettings(paas_common.GunicornSettings):
    """What an operator can set; every field that has a value becomes ``FLASK_<FIELD>``."""

    application_root: str | None = pydantic.Field(
        default=None,
        alias="flask-application-root",
        min_length=1,
        description="Path below which the application is served; it arrives as FLASK_APPLICATION_ROOT.",
    )
    debug: bool | None = pydantic.Field(
        default=None, alias="flask-debug", description="Whether Flask runs in debug mode; it arrives as FLASK_DEBUG."
    )
    env: str | None = pydantic.Field(
        default=None,
        alias="flask-env",
        min_length=1,
        description="Name of the environment that Flask runs in; it arrives as FLASK_ENV.",
    )
    permanent_session_lifetime: int | None = pydantic.Field(
        default=None,
        alias="flask-permanent-session-lifetime",
        gt=0,
        description="Seconds until a permanent session's cookie expires; it arrives as "
        "FLASK_PERMANENT_SESSION_LIFETIME.",
    )
    preferred_url_scheme: typing.Annotated[typing.Literal["HTTP", "HTTPS"], pydantic.BeforeValidator(_upper)] = (
        pydantic.Field(
            default="HTTPS",
            alias="flask-preferred-url-scheme",
            description="Scheme of URLs made outside of a request; it arrives as FLASK_PREFERRED_URL_SCHEME.",
        )
    )
    session_cookie_secure: bool | None = pydantic.Field(
        default=None,
        alias="flask-session-cookie-secure",
        description="Whether session cookies travel over HTTPS only; it arrives as FLASK_SESSION_COOKIE_SECURE.",
    )


def application_root(settings: paas_common.Settings, base_url: str) -> dict[str, str]:
    """Give the ingress's path as the application's root, so that its cookies are not those of a neighbour's path.

    What the operator sets stays.
    """
    set_already = settings.application_root if isinstance(settings, FlaskSettings) else None
    prefix = urls.prefix(base_url)
    return {"FLASK_APPLICATION_ROOT": prefix} if prefix and not set_already else {}
