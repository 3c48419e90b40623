"""A small part for each kind of integration; each works once its endpoint is integrated.

The charm tells the application about an integration in environment variables, and starts it anew when they change: so
a part reads them where it needs them, and says what is missing where they are not there.
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
    """Build the application; gunicorn and ``flask run`` both find this function by its name."""
    app = flask.Flask(__name__)
    app.config.from_prefixed_env()
    tracing.set_up(app)
    login.set_up(app)
    for part in PARTS:
        app.register_blueprint(part.blueprint)
    return app
