"""A guest book: visitors leave notes, and everyone can read them.

Flask reads every setting from the environment: ``FLASK_GREETING`` is ``app.config["GREETING"]``. The charm sets these
variables from its options and the secret key.
"""

import flask
import psycopg

from app import database, notes, pages

__all__ = ["create_app"]


def create_app() -> flask.Flask:
    """Build the application; gunicorn and ``flask run`` find this function by its name."""
    app = flask.Flask(__name__)
    app.config.from_mapping(GREETING="Leave a note")
    app.config.from_prefixed_env()
    app.register_blueprint(notes.blueprint)
    app.register_blueprint(pages.blueprint)
    app.register_error_handler(psycopg.OperationalError, database.unavailable)
    app.teardown_appcontext(database.close)
    return app
