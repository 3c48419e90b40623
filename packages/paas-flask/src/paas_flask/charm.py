"""Charm of a Flask application."""

import paas_common
from paas_common import lazy


class Charm(paas_common.PaasCharm):
    """Base class of a charm that runs a Flask application under Gunicorn."""

    spec = lazy.spec("paas_flask.framework", "FLASK")
