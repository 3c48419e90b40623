"""JSON log lines of Gunicorn and Uvicorn, one object per line; the fields follow OpenTelemetry's log data model."""

import collections.abc
import contextvars
import json
import logging
import time

_SEVERITIES = {"WARNING": "WARN", "CRITICAL": "FATAL"}
_UVICORN_ARGUMENTS = 5

try:
    from opentelemetry import trace
except ImportError:
    trace = None  # the application is not traced

_request_span: "contextvars.ContextVar[dict[str, str]]" = contextvars.ContextVar("request_span")
"""The span of the request's last line: Uvicorn logs its exception in the same task, after the span has ended."""


class JsonLines(logging.Formatter):
    """A formatter for all records; an access line has a field for each of its parts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "timestamp": f"{moment}.{int(record.msecs):03d}Z",
            "severityText": _SEVERITIES.get(record.levelname, record.levelname),
            "body": record.getMessage(),
            **_span(record),
            "attributes": {"logger.name": record.name, **_access(record), **self._exception(record)},
        }
        return json.dumps(line, default=str)

    def _exception(self, record: logging.LogRecord) -> "dict[str, object]":
        if not record.exc_info or record.exc_info[0] is None:
            return {}
        return {
            "exception.type": record.exc_info[0].__qualname__,
            "exception.message": str(record.exc_info[1]),
            "exception.stacktrace": self.formatException(record.exc_info),
        }


def _access(record: logging.LogRecord) -> "dict[str, object]":
    if record.name == "gunicorn.access" and isinstance(record.args, collections.abc.Mapping):
        return _gunicorn(record.args)
    if record.name == "uvicorn.access" and isinstance(record.args, tuple) and len(record.args) == _UVICORN_ARGUMENTS:
        client, method, target, _, status = record.args
        path, _, query = str(target).partition("?")
        address = str(client).rpartition(":")[0]
        return _request(str(method), path, query, address, status)
    return {}


def _gunicorn(atoms: "collections.abc.Mapping[str, object]") -> "dict[str, object]":
    """Read the atoms of Gunicorn's access log format."""
    fields = _request(str(atoms["m"]), str(atoms["U"]), str(atoms["q"]), str(atoms["h"]), atoms["s"])
    fields["duration_ms"] = int(str(atoms["M"]))
    request_id = str(atoms["{x-request-id}i"])
    return fields if request_id == "-" else {**fields, "http.request.header.x-request-id": request_id}


def _request(method: str, path: str, query: str, client: str, status: object) -> "dict[str, object]":
    return {
        "http.request.method": method,
        "url.path": path,
        "url.query": query,
        "client.address": client,
        "http.response.status_code": int(str(status)),
    }


def _span(record: logging.LogRecord) -> "dict[str, str]":
    if record.name == "gunicorn.access" and isinstance(record.args, collections.abc.Mapping):
        trace_id, _, span_id = str(record.args.get("{paas.span}e", "")).partition(" ")
        return {"traceId": trace_id, "spanId": span_id} if span_id else {}
    context = trace.get_current_span().get_span_context() if trace else None
    if context is None or not context.is_valid:
        return _request_span.get({}) if record.name == "uvicorn.error" and record.exc_info else {}
    span = {"traceId": format(context.trace_id, "032x"), "spanId": format(context.span_id, "016x")}
    _request_span.set(span)
    return span
