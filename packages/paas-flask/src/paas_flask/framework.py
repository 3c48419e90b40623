"""The Flask framework as data."""

import pathlib
import typing

import paas_common
from paas_common.servers import gunicorn

from .settings import FlaskSettings, application_root

STATE_DIR: typing.Final = "/tmp/flask/state"  # noqa: S108  a path inside the workload container, private to it
FLASK: typing.Final = paas_common.FrameworkSpec(
    name="flask",
    settings=FlaskSettings,
    env_prefix="FLASK_",
    option_env_prefix="FLASK_",
    metrics_port_variables=("FLASK_METRICS_PORT",),
    metrics_path_variables=("FLASK_METRICS_PATH",),
    ports=paas_common.Ports(app=8000, metrics=9102),
    container="flask-app",
    key_option="flask-secret-key",
    key_fallbacks=True,
    app_dir="/flask/app",
    migrations=paas_common.MIGRATIONS,
    state_dir=STATE_DIR,
    cos=pathlib.Path(__file__).parent / "cos",
    server=gunicorn.server("/flask", "/flask/app", STATE_DIR),
    derived_env=application_root,
)
