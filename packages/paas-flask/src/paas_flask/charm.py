"""The charm of a Flask application: what the framework adds to the common charm, as data."""

import pathlib
import typing

import paas_common
from paas_common.servers import gunicorn

from .settings import FlaskSettings, application_root

STATE_DIR: typing.Final = "/tmp/flask/state"  # noqa: S108  a path inside the workload container, private to it
FLASK: typing.Final = paas_common.Framework(
    name="flask",
    settings=FlaskSettings,
    prefix="FLASK_",
    settings_prefix="FLASK_",
    reserved=("flask-", "webserver-", "app-"),
    metrics_port_names=("FLASK_METRICS_PORT",),
    metrics_path_names=("FLASK_METRICS_PATH",),
    ports=paas_common.Ports(app=8000, metrics=9102),
    container="flask-app",
    key_option="flask-secret-key",
    shadowed=("secret_key",),
    app_dir="/flask/app",
    migrations=paas_common.MIGRATIONS,
    state_dir=STATE_DIR,
    cos=pathlib.Path(__file__).parent / "cos",
    server=gunicorn.server("/flask", "/flask/app", STATE_DIR),
    derived=application_root,
)


class Charm(paas_common.PaasCharm):
    """Runs a Flask application under Gunicorn; a charm author extends it."""

    spec = FLASK
