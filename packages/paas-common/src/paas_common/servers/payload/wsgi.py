"""Wrappers around a WSGI application under Gunicorn: its public URL, its traces, and the span of an access line."""

import collections.abc
import inspect
import logging
import urllib.parse

try:
    from opentelemetry import trace
except ImportError:
    trace = None  # the application is not traced

Application = collections.abc.Callable[..., object]


class PublicUrl:
    """WSGI middleware: the application builds URLs with the public host and path prefix.

    An ingress removes its prefix from the path; the application must add it to its URLs. Gunicorn's own SCRIPT_NAME
    refuses requests whose path lacks the prefix. Here every request gets the prefix, also a direct one, whose path may
    have it already because the application's own links have it.
    """

    def __init__(self, application: Application, url: str) -> None:
        parts = urllib.parse.urlsplit(url)
        self._application = application
        self._host = parts.netloc
        self._prefix = urllib.parse.unquote(parts.path).rstrip("/")

    def __call__(self, environ: "dict[str, object]", start_response: Application) -> object:
        """Pass one request on."""
        path = str(environ["PATH_INFO"])
        if self._prefix and f"{path}/".startswith(f"{self._prefix}/"):
            path = path[len(self._prefix) :]
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = self._prefix, path or "/"
        if environ.get("HTTP_X_FORWARDED_PROTO") in {"http", "https"}:
            environ["wsgi.url_scheme"] = environ["HTTP_X_FORWARDED_PROTO"]
        if environ.get("HTTP_X_FORWARDED_HOST") == self._host:  # other host names stay as requested
            environ["HTTP_HOST"] = self._host
        return self._application(environ, start_response)


class AccessLineSpan:
    """WSGI middleware: keeps the request's span for the access line, which Gunicorn writes after the span's end."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: "dict[str, object]", start_response: Application) -> object:
        """Pass one request on."""

        def start(*arguments: object) -> object:
            context = trace.get_current_span().get_span_context() if trace else None
            if context is not None and context.is_valid:
                environ["paas.span"] = f"{context.trace_id:032x} {context.span_id:016x}"
            return start_response(*arguments)

        return self._application(environ, start)


def with_public_url(application: Application, url: str) -> Application:
    """Wrap a WSGI application; an ASGI application, which an asynchronous worker class runs, stays unchanged."""
    return application if _is_asynchronous(application) else PublicUrl(application, url)


def with_span(application: Application) -> Application:
    """Wrap a WSGI application for access lines in JSON; an ASGI application stays unchanged."""
    return application if _is_asynchronous(application) else AccessLineSpan(application)


def _is_asynchronous(application: Application) -> bool:
    return any(map(inspect.iscoroutinefunction, (application, type(application).__call__)))


def send_traces(log: logging.Logger) -> None:
    """Send the application's spans to the backend of its environment, unless it sends them itself."""
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
