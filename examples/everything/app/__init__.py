"""An application with a small blueprint for each kind of integration.

The charm sets environment variables for each integration, and restarts the application when they change. A blueprint
reads its variables when it needs them, and returns an error that names a missing variable.
"""

import flask

from app import (
    cache,
    documents,
    login,
    mail,
    messages,
    objects,
    orders,
    outside,
    pages,
    permissions,
    rows,
    single_sign_on,
    tracing,
)

__all__ = ["create_app"]

PARTS = (
    cache,
    documents,
    login,
    mail,
    messages,
    objects,
    orders,
    outside,
    pages,
    permissions,
    rows,
    single_sign_on,
)


def create_app() -> flask.Flask:
    """Build the application; gunicorn and ``flask run`` find this function by its name."""
    app = flask.Flask(__name__)
    app.config.from_prefixed_env()
    tracing.set_up(app)
    login.set_up(app)
    for part in PARTS:
        app.register_blueprint(part.blueprint)
    return app
