"""Tracing: each request is a span, sent to the OTLP endpoint that the charm names."""

import os

import flask
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

MILLISECONDS = 1000


def set_up(app: flask.Flask) -> None:
    """Trace requests while there is somebody to send spans to; the libraries read ``OTEL_`` variables themselves."""
    if not os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(), schedule_delay_millis=MILLISECONDS))
    trace.set_tracer_provider(provider)
    FlaskInstrumentor().instrument_app(app)
