"""A span for each request: where spans go, the charm tells Gunicorn."""

import flask
from opentelemetry.instrumentation.flask import FlaskInstrumentor


def set_up(app: flask.Flask) -> None:
    """Trace requests; without an integration nobody listens, and nothing is sent."""
    FlaskInstrumentor().instrument_app(app)
