"""The charm of a Flask application: what the framework adds to the common charm, as data."""

import typing

import paas_common
from paas_common import gunicorn

from .settings import FlaskSettings

FLASK: typing.Final = paas_common.Framework(
    name="flask",
    settings=FlaskSettings,
    prefix="FLASK_",
    settings_prefix="FLASK_",
    reserved=("flask-", "webserver-", "app-"),
    port=8000,
    metrics_port=9102,
    metrics_path="/metrics",
    app_dir="/flask/app",
    state_dir="/tmp/flask/state",  # noqa: S108  a path inside the workload container, private to it
    server=gunicorn.server("/flask", "/flask/app"),
)


class Charm(paas_common.PaasCharm):
    """Runs a Flask application under Gunicorn; a charm author extends it."""

    spec = FLASK
