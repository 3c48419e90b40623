"""The charm of a Django application: what the framework adds to the common charm, as data; and its superuser."""

import json
import pathlib
import secrets
import typing

import ops
import paas_common
import pydantic
from paas_common.servers import gunicorn

from .settings import DjangoSettings, hosts


def script_prefix(prefix: str) -> str:
    """Tell Django its prefix before it loads.

    ``STATIC_URL`` and ``MEDIA_URL`` are made once and for all then, and WhiteNoise looks at ``FORCE_SCRIPT_NAME``; what
    the project's own settings say of it counts more than this default.
    """
    if not prefix:
        return ""
    return f"""

def post_fork(server, worker):
    load = worker.load_wsgi

    def load_wsgi():  # not earlier: gevent has to come before Django
        import django.conf.global_settings
        import django.urls

        django.conf.global_settings.FORCE_SCRIPT_NAME = {json.dumps(prefix)}
        django.urls.set_script_prefix({json.dumps(prefix + "/")})
        load()

    worker.load_wsgi = load_wsgi
"""


STATE_DIR: typing.Final = "/tmp/django/state"  # noqa: S108  a path inside the workload container, private to it
DJANGO: typing.Final = paas_common.Framework(
    name="django",
    settings=DjangoSettings,
    prefix="DJANGO_",
    settings_prefix="DJANGO_",
    metrics_port_names=("DJANGO_METRICS_PORT",),
    metrics_path_names=("DJANGO_METRICS_PATH",),
    reserved=("django-", "webserver-", "app-"),
    shadowed=("secret_key",),
    ports=paas_common.Ports(app=8000, metrics=9102),
    container="django-app",
    key_option="django-secret-key",
    app_dir="/django/app",
    migrations=paas_common.MIGRATIONS,
    state_dir=STATE_DIR,
    cos=pathlib.Path(__file__).parent / "cos",
    server=gunicorn.server("/django", "/django/app", STATE_DIR, at_load=script_prefix),
    derived=hosts,
    requires_database=True,
    actions={
        "create-superuser": {
            "description": "Make an account for Django's admin; the answer holds its password.",
            "params": {"username": {"type": "string"}, "email": {"type": "string"}},
            "required": ["username", "email"],
        }
    },
)
CREATE_SUPERUSER: typing.Final = ("python3", "manage.py", "createsuperuser", "--noinput")
PASSWORD_SIZE: typing.Final = 16
"""Bytes of randomness."""


class _Superuser(pydantic.BaseModel):
    username: str = pydantic.Field(min_length=1)
    email: str = pydantic.Field(min_length=1)


class Charm(paas_common.PaasCharm):
    """Runs a Django application under Gunicorn; a charm author extends it."""

    spec = DJANGO

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        if "create-superuser" in self.meta.actions:
            framework.observe(self.on["create-superuser"].action, self._create_superuser)

    def _create_superuser(self, event: ops.ActionEvent) -> None:
        """Make an account for Django's admin, with a password that only the answer tells."""
        password = secrets.token_urlsafe(PASSWORD_SIZE)
        try:
            wanted = _Superuser.model_validate(event.params)
            self._run(
                CREATE_SUPERUSER,
                {
                    "DJANGO_SUPERUSER_USERNAME": wanted.username,
                    "DJANGO_SUPERUSER_EMAIL": wanted.email,
                    "DJANGO_SUPERUSER_PASSWORD": password,
                },
            )
        except pydantic.ValidationError as error:
            event.fail(f"invalid parameters: {', '.join(paas_common.problems(error))}")
        except paas_common.CommandError as error:
            event.fail(str(error))
        else:
            event.set_results({"password": password})
