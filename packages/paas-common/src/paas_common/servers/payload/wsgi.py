"""What Gunicorn does around an application: its public address, its traces, and what its access lines know of them.

This file is pushed into the workload container and runs there: standard library only, and OpenTelemetry where the
application brings it.
"""

import collections.abc
import inspect
import logging
import urllib.parse

try:
    from opentelemetry import trace
except ImportError:
    trace = None  # the application is not traced

Application = collections.abc.Callable[..., object]


class PublicAddress:
    """Around a WSGI application: what it makes URLs of is what people see, on whatever way a request came.

    An ingress takes its prefix off the path and leaves it to the application to put it into URLs. Gunicorn's own
    SCRIPT_NAME does not help: it refuses requests whose path lacks the prefix. Here every request has it, also a direct
    one; a direct one may carry it in its path, because the application's own links do.
    """

    def __init__(self, application: Application, address: str) -> None:
        parts = urllib.parse.urlsplit(address)
        self._application = application
        self._host = parts.netloc
        self._prefix = urllib.parse.unquote(parts.path).rstrip("/")

    def __call__(self, environ: "dict[str, object]", start_response: Application) -> object:
        """Answer one request."""
        path = str(environ["PATH_INFO"])
        if self._prefix and f"{path}/".startswith(f"{self._prefix}/"):
            path = path[len(self._prefix) :]
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = self._prefix, path or "/"
        if environ.get("HTTP_X_FORWARDED_PROTO") in {"http", "https"}:
            environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        if environ.get("HTTP_X_FORWARDED_HOST") == self._host:  # any other name stays what the request says
            environ["HTTP_HOST"] = self._host
        return self._application(environ, start_response)


class RememberedSpan:
    """Around a WSGI application: its span is over when Gunicorn writes the access line, which is to name it."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: "dict[str, object]", start_response: Application) -> object:
        """Answer one request."""

        def started(*given: object) -> object:
            context = trace.get_current_span().get_span_context() if trace else None
            if context is not None and context.is_valid:
                environ["paas.span"] = f"{context.trace_id:032x} {context.span_id:016x}"
            return start_response(*given)

        return self._application(environ, started)


def behind(application: Application, address: str) -> Application:
    """Wrap a WSGI application; one for an asynchronous worker class speaks another protocol and stays as it is."""
    return application if _is_asynchronous(application) else PublicAddress(application, address)


def remembering(application: Application) -> Application:
    """Wrap a WSGI application likewise, for access lines in JSON."""
    return application if _is_asynchronous(application) else RememberedSpan(application)


def _is_asynchronous(application: Application) -> bool:
    return any(map(inspect.iscoroutinefunction, (application, type(application).__call__)))


def send_traces(log: logging.Logger) -> None:
    """Send the application's spans to where its environment says, unless it does that by itself already."""
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    except ImportError as error:
        log.warning(
            "no traces are sent: %s (add opentelemetry-sdk and opentelemetry-exporter-otlp-proto-http "
            "to the application's requirements)",
            error,
        )
        return
    if trace is not None and isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
