"""The action ``create-superuser``."""

import secrets
import typing

import ops
import paas_common
import pydantic

_COMMAND: typing.Final = ("python3", "manage.py", "createsuperuser", "--noinput")
_PASSWORD_SIZE: typing.Final = 16
"""Bytes of randomness."""


class _Superuser(pydantic.BaseModel):
    username: str = pydantic.Field(min_length=1)
    email: str = pydantic.Field(min_length=1)


def create(charm: paas_common.PaasCharm, event: ops.ActionEvent) -> None:
    """Create an account for Django's admin site; only the result has its password."""
    password = secrets.token_urlsafe(_PASSWORD_SIZE)
    try:
        account = _Superuser.model_validate(event.params)
        charm.run_command(
            _COMMAND,
            {
                "DJANGO_SUPERUSER_USERNAME": account.username,
                "DJANGO_SUPERUSER_EMAIL": account.email,
                "DJANGO_SUPERUSER_PASSWORD": password,
            },
        )
    except pydantic.ValidationError as error:
        event.fail(f"invalid parameters: {', '.join(paas_common.problems(error))}")
    except paas_common.CommandError as error:
        event.fail(str(error))
    else:
        event.set_results({"password": password})
