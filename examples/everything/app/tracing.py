"""A span for each request; Gunicorn exports the spans with settings from the charm."""

import flask
from opentelemetry.instrumentation.flask import FlaskInstrumentor


def set_up(app: flask.Flask) -> None:
    """Trace requests; without an integration, no spans are exported."""
    FlaskInstrumentor().instrument_app(app)
