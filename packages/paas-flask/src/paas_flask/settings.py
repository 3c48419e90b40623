"""The options of a Flask charm, as ``juju config`` has them."""

import typing

import paas_common
import pydantic


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


class FlaskSettings(paas_common.GunicornSettings):
    """What an operator can set; every field that has a value becomes ``FLASK_<FIELD>``."""

    application_root: str | None = pydantic.Field(default=None, alias="flask-application-root", min_length=1)
    debug: bool | None = pydantic.Field(default=None, alias="flask-debug")
    env: str | None = pydantic.Field(default=None, alias="flask-env", min_length=1)
    permanent_session_lifetime: int | None = pydantic.Field(
        default=None, alias="flask-permanent-session-lifetime", gt=0
    )
    preferred_url_scheme: typing.Annotated[typing.Literal["HTTP", "HTTPS"] | None, pydantic.BeforeValidator(_upper)] = (
        pydantic.Field(default=None, alias="flask-preferred-url-scheme")
    )
    session_cookie_secure: bool | None = pydantic.Field(default=None, alias="flask-session-cookie-secure")
