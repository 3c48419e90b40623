"""Options of a Flask charm, as ``juju config`` shows them."""

import typing

import paas_common
import pydantic


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class FlaskSettings(paas_common.GunicornSettings):
    """Options of Flask; every field that has a value becomes ``FLASK_<FIELD>``."""

    application_root: str | None = pydantic.Field(
        default=None,
        alias="flask-application-root",
        min_length=1,
        description="Path below which the application is served; it is set as FLASK_APPLICATION_ROOT.",
    )
    debug: bool | None = pydantic.Field(
        default=None, alias="flask-debug", description="True for debug mode; it is set as FLASK_DEBUG."
    )
    env: str | None = pydantic.Field(
        default=None,
        alias="flask-env",
        min_length=1,
        description="Name of the environment that Flask runs in; it is set as FLASK_ENV.",
    )
    permanent_session_lifetime: int | None = pydantic.Field(
        default=None,
        alias="flask-permanent-session-lifetime",
        gt=0,
        description="Seconds until the cookie of a permanent session expires; it is set as "
        "FLASK_PERMANENT_SESSION_LIFETIME.",
    )
    preferred_url_scheme: typing.Annotated[typing.Literal["HTTP", "HTTPS"], pydantic.BeforeValidator(_upper)] = (
        pydantic.Field(
            default="HTTPS",
            alias="flask-preferred-url-scheme",
            description="Scheme of URLs that Flask builds outside of a request; it is set as "
            "FLASK_PREFERRED_URL_SCHEME.",
        )
    )
    session_cookie_secure: bool | None = pydantic.Field(
        default=None,
        alias="flask-session-cookie-secure",
        description="True for session cookies that travel over HTTPS only; it is set as FLASK_SESSION_COOKIE_SECURE.",
    )


def application_root(settings: paas_common.Settings, base_url: str) -> dict[str, str]:
    """Return the ingress's path as the application's root, so that applications on other paths do not get its cookies.

    The operator's own value stays.
    """
    configured = settings.application_root if isinstance(settings, FlaskSettings) else None
    prefix = paas_common.path_prefix(base_url)
    return {"FLASK_APPLICATION_ROOT": prefix} if prefix and not configured else {}
