"""Gunicorn: its options, its configuration file, and the worker class in the image's command.

The worker class stays in the service's command (``-k``), as rockcraft's extensions write it. Everything else is in the
file, which Gunicorn reads again on SIGHUP. Logs go to standard output, where Pebble keeps and forwards them.
"""

import collections.abc
import json
import re
import shlex
import typing

import pydantic

from paas_common.servers import payload
from paas_common.values import urls
from paas_common.values.framework import Server, Serving
from paas_common.values.settings import Settings
from paas_common.values.status import Blocked
from paas_common.values.workload import Check, File

STATSD: typing.Final = "localhost:9125"
ACCESS_LINE: typing.Final = '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s" %({x-request-id}o)s'
"""Gunicorn's default format, and the request id of the response."""
_WORKER_CLASS: typing.Final = re.compile(r"(?P<flag>(?:^|\s)(?:-k|--worker-class)\s+(?:\[\s*)?)(?P<name>[^\s\[\]]+)")


class GunicornSettings(Settings):
    """Options of the web server."""

    webserver_workers: int | None = pydantic.Field(
        default=None, alias="webserver-workers", ge=1, exclude=True, description="Number of worker processes."
    )
    webserver_threads: int | None = pydantic.Field(
        default=None, alias="webserver-threads", ge=1, exclude=True, description="Threads in each worker process."
    )
    webserver_keepalive: int | None = pydantic.Field(
        default=None,
        alias="webserver-keepalive",
        ge=0,
        exclude=True,
        description="Seconds that an idle connection stays open for the next request.",
    )
    webserver_timeout: int | None = pydantic.Field(
        default=None,
        alias="webserver-timeout",
        ge=0,
        exclude=True,
        description="Seconds after which a worker that does not respond is killed and restarted.",
    )
    webserver_worker_class: typing.Literal["sync", "gevent"] | None = pydantic.Field(
        default=None,
        alias="webserver-worker-class",
        exclude=True,
        description="Kind of worker: sync, or gevent if the image contains it.",
    )


def server(
    base_dir: str, app_dir: str, state_dir: str, at_load: collections.abc.Callable[[str], str] = lambda _: ""
) -> Server:
    """Return Gunicorn's description for an image whose files are below ``base_dir``.

    ``at_load`` returns Python code for the configuration file, for a framework that needs its path prefix before the
    application is loaded; the argument is the prefix.
    """
    candidate = f"{state_dir}/gunicorn.conf.py"

    def files(settings: Settings, serving: Serving) -> tuple[File, ...]:
        text = _configuration(_gunicorn_settings(settings), serving, app_dir)
        if serving.json_logs:
            text += _json_logger()
        if steps := tuple(_worker_steps(serving)):
            text += _worker_hook(steps)
        if serving.public_url:
            text += at_load(urls.path_prefix(serving.public_url))
        return (File(path=f"{base_dir}/gunicorn.conf.py", content=text, candidate=candidate, on_change="reload"),)

    def checks(command: str, settings: Settings) -> tuple[Check, ...]:
        return _checks(command, candidate, settings)

    return Server(files=files, command=_command, checks=checks)


def _gunicorn_settings(settings: Settings) -> GunicornSettings:
    if not isinstance(settings, GunicornSettings):
        raise TypeError(f"{type(settings).__name__} must extend GunicornSettings")
    return settings


def _configuration(settings: GunicornSettings, serving: Serving, app_dir: str) -> str:
    values: dict[str, object] = {
        "bind": [f"0.0.0.0:{serving.port}"],
        "chdir": app_dir,
        "accesslog": "-",
        "errorlog": "-",
        "statsd_host": STATSD,
        "workers": settings.webserver_workers,
        "threads": settings.webserver_threads,
        "keepalive": settings.webserver_keepalive,
        "timeout": settings.webserver_timeout,
        "access_log_format": ACCESS_LINE if serving.traces else None,
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in values.items() if value is not None]
    return "\n".join(["# Written by the charm, which overwrites changes.", *lines, ""])


def _json_logger() -> str:
    """Return a logger class for the configuration file; it extends the one that Gunicorn uses for statsd."""
    return f"""
{payload.json_lines_source()}

import gunicorn.instrument.statsd


class JsonLogger(gunicorn.instrument.statsd.Statsd):
    def setup(self, cfg):
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(JsonLines())


logger_class = JsonLogger
"""


def _worker_steps(serving: Serving) -> collections.abc.Iterator[str]:
    """Return the statements that each worker runs after it has loaded the application."""
    if serving.json_logs:
        yield "worker.wsgi = with_span(worker.wsgi)"
    if serving.public_url:
        yield f"worker.wsgi = with_public_url(worker.wsgi, {json.dumps(serving.public_url)})"
    if serving.traces:
        yield "send_traces(worker.log)"


def _worker_hook(steps: collections.abc.Iterable[str]) -> str:
    lines = "".join(f"    {step}\n" for step in steps)
    return f"""
{payload.wsgi_source()}

def post_worker_init(worker):
{lines}"""


def _command(command: str, settings: Settings) -> str | Blocked:
    worker_class = _gunicorn_settings(settings).webserver_worker_class
    if worker_class is None:
        return command
    if not _WORKER_CLASS.search(command):
        return Blocked(
            "option webserver-worker-class needs a -k argument in the service's command, as rockcraft's extension "
            "writes it; add it in rockcraft.yaml or juju config --reset webserver-worker-class"
        )
    return _WORKER_CLASS.sub(lambda match: f"{match['flag']}{worker_class}", command, count=1)


def _checks(command: str, path: str, settings: Settings) -> tuple[Check, ...]:
    words = [word for word in shlex.split(command) if word not in {"[", "]"}]
    configuration = Check(
        command=(*words, "-c", path, "--check-config"),
        failure="webserver configuration check failed, review the options and the application",
    )
    gevent = Check(
        command=("python3", "-c", "import gevent"),
        failure="option webserver-worker-class is gevent, which the image lacks: add gunicorn[gevent] to the "
        "application's requirements and rebuild the rock",
    )
    uses_gevent = _gunicorn_settings(settings).webserver_worker_class == "gevent"
    return (gevent, configuration) if uses_gevent else (configuration,)
