"""Log lines as JSON, from the records that Gunicorn and Uvicorn make."""

import contextvars
import json
import logging
import sys
import typing

from opentelemetry import trace
from paas_common.servers.payload.json_lines import JsonLines


def line(record: logging.LogRecord) -> dict[str, typing.Any]:
    return json.loads(JsonLines().format(record))


def record(name: str, level: int, message: str, *arguments: object, **more: typing.Any) -> logging.LogRecord:
    made = logging.LogRecord(name, level, "file.py", 1, message, arguments, None)
    made.created, made.msecs = 1_763_874_000.25, 250.0
    for key, value in more.items():
        setattr(made, key, value)
    return made


def test_a_plain_line() -> None:
    assert line(record("gunicorn.error", logging.WARNING, "worker %s died", 7)) == {
        "timestamp": "2025-11-23T05:00:00.250Z",
        "severityText": "WARN",
        "body": "worker 7 died",
        "attributes": {"logger.name": "gunicorn.error"},
    }


def test_an_exception_keeps_its_parts_on_one_line() -> None:
    try:
        raise KeyError("COLOUR")
    except KeyError:
        made = record("app", logging.CRITICAL, "failed", exc_info=sys.exc_info())

    text = JsonLines().format(made)

    logged = json.loads(text)
    assert "\n" not in text
    assert logged["severityText"] == "FATAL"
    assert logged["attributes"]["exception.type"] == "KeyError"
    assert "Traceback" in logged["attributes"]["exception.stacktrace"]


def test_gunicorn_s_access_line() -> None:
    atoms = {"m": "GET", "U": "/notes", "q": "a=1", "h": "10.0.0.7", "s": "200", "M": 12, "{x-request-id}i": "abc"}
    made = record("gunicorn.access", logging.INFO, "%(m)s %(U)s")
    made.args = atoms  # as logging keeps a single mapping

    assert line(made)["attributes"] == {
        "logger.name": "gunicorn.access",
        "http.request.method": "GET",
        "url.path": "/notes",
        "url.query": "a=1",
        "client.address": "10.0.0.7",
        "http.response.status_code": 200,
        "duration_ms": 12,
        "http.request.header.x-request-id": "abc",
    }


def test_gunicorn_s_access_line_names_the_span_of_its_request() -> None:
    atoms = {"m": "GET", "U": "/", "q": "", "h": "10.0.0.7", "s": "200", "M": 1, "{x-request-id}i": "-"}
    made = record("gunicorn.access", logging.INFO, "%(m)s %(U)s")
    made.args = {**atoms, "{paas.span}e": "abc def"}

    assert (line(made)["traceId"], line(made)["spanId"]) == ("abc", "def")


def test_uvicorn_s_access_line() -> None:
    made = record(
        "uvicorn.access", logging.INFO, '%s - "%s %s HTTP/%s" %d', "10.0.0.7:5555", "POST", "/notes?a=1", "1.1", 201
    )

    assert line(made)["attributes"] == {
        "logger.name": "uvicorn.access",
        "http.request.method": "POST",
        "url.path": "/notes",
        "url.query": "a=1",
        "client.address": "10.0.0.7",
        "http.response.status_code": 201,
    }


def test_uvicorn_s_exception_names_the_span_of_its_request_which_has_ended() -> None:
    span = trace.NonRecordingSpan(trace.SpanContext(trace_id=1, span_id=2, is_remote=False))
    access = record("uvicorn.access", logging.INFO, '%s - "%s %s HTTP/%s" %d', "10.0.0.7:5555", "GET", "/", "1.1", 500)
    failure = record("uvicorn.error", logging.ERROR, "Exception in ASGI application")
    failure.exc_info = (KeyError, KeyError("COLOUR"), None)

    def traced() -> "tuple[dict[str, typing.Any], dict[str, typing.Any]]":
        with trace.use_span(span):
            first = line(access)
        return first, line(failure)

    logged, failed = contextvars.copy_context().run(traced)
    other = contextvars.copy_context().run(lambda: line(failure))

    assert (
        (failed["traceId"], failed["spanId"])
        == (logged["traceId"], logged["spanId"])
        == ("0" * 31 + "1", "0" * 15 + "2")
    )
    assert "traceId" not in other
