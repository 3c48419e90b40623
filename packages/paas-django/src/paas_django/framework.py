"""The Django framework as data."""

import json
import pathlib
import typing

import paas_common
from paas_common.servers import gunicorn

from .settings import DjangoSettings, allowed_hosts


def script_prefix(prefix: str) -> str:
    """Return Python code that sets Django's path prefix before Django loads.

    Django builds ``STATIC_URL`` and ``MEDIA_URL`` while it loads, and WhiteNoise reads ``FORCE_SCRIPT_NAME``. The
    project's own settings override this default.
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
DJANGO: typing.Final = paas_common.FrameworkSpec(
    name="django",
    settings=DjangoSettings,
    env_prefix="DJANGO_",
    option_env_prefix="DJANGO_",
    metrics_port_variables=("DJANGO_METRICS_PORT",),
    metrics_path_variables=("DJANGO_METRICS_PATH",),
    ports=paas_common.Ports(app=8000, metrics=9102),
    container="django-app",
    key_option="django-secret-key",
    key_fallbacks=True,
    app_dir="/django/app",
    migrations=paas_common.MIGRATIONS,
    state_dir=STATE_DIR,
    cos=pathlib.Path(__file__).parent / "cos",
    server=gunicorn.server("/django", "/django/app", STATE_DIR, at_load=script_prefix),
    derived_env=allowed_hosts,
    requires_database=True,
    actions={
        "create-superuser": {
            "description": "Create an account for Django's admin site; the result has its password.",
            "params": {"username": {"type": "string"}, "email": {"type": "string"}},
            "required": ["username", "email"],
        }
    },
)
