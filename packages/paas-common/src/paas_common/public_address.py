"""The address under which people reach the application, told to it by Gunicorn.

This file is pushed into the workload container and runs there: standard library only.
"""

import collections.abc
import inspect
import urllib.parse

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


def behind(application: Application, address: str) -> Application:
    """Wrap a WSGI application; one for an asynchronous worker class speaks another protocol and stays as it is."""
    asynchronous = map(inspect.iscoroutinefunction, (application, type(application).__call__))
    return application if any(asynchronous) else PublicAddress(application, address)
