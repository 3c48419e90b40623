"""Gunicorn in front of a WSGI application, with the StatsD exporter of its metrics."""

import json
from collections.abc import Callable
from pathlib import Path

from paas_local.build.frameworks.entrypoints import Entrypoint
from paas_local.build.frameworks.framework import (
    PROMTAIL_FOLDERS,
    AppFiles,
    Framework,
    Marker,
    Project,
    PythonPackages,
    Start,
)

REQUIREMENT = "gunicorn~=23.0"

_STATSD_EXPORTER = {
    "override": "merge",
    "command": (
        "/bin/statsd_exporter --statsd.mapping-config=/statsd-mapping.conf"
        " --statsd.listen-udp=localhost:9125 --statsd.listen-tcp=localhost:9125"
    ),
    "startup": "enabled",
    "user": "_daemon_",
}
_STATSD_EXPORTER_PROGRAM = Path(__file__).parent.with_name("statsd_exporter.py")
_CONFIG = """\
bind = ["0.0.0.0:8000"]
chdir = "/{name}/app"
statsd_host = "localhost:9125"
"""


def framework(
    *,
    name: str,
    files: AppFiles,
    packages: PythonPackages,
    entrypoint: Callable[[Project], Entrypoint],
    marker: Marker | None = None,
) -> Framework:
    """Return a framework whose application runs behind Gunicorn."""

    def start(project: Project) -> Start:
        worker = "gevent" if "gevent" in project.packages else "sync"
        application = f"'{entrypoint(project)}'"
        return Start(command=f"/bin/python3 -m gunicorn -c /{name}/gunicorn.conf.py {application} -k [ {worker} ]")

    return Framework(
        name=name,
        bases=("ubuntu@22.04", "ubuntu@24.04"),
        app=f"{name}/app",
        files=files,
        packages=packages,
        marker=marker,
        start=start,
        service={"after": ["statsd-exporter"]},
        more_services={"statsd-exporter": _STATSD_EXPORTER},
        texts={
            f"/{name}/gunicorn.conf.py": _CONFIG.format(name=name),
            "/statsd-mapping.conf": statsd_mapping(name),
        },
        programs={"/bin/statsd_exporter": _STATSD_EXPORTER_PROGRAM},
        folders=(f"/var/log/{name}", *PROMTAIL_FOLDERS),
    )


def statsd_mapping(name: str) -> str:
    """Return the exporter's mapping of Gunicorn's metrics; JSON is also YAML, which the real exporter reads."""
    return json.dumps(
        {
            "mappings": [
                {"match": "gunicorn.request.status.*", "name": f"{name}_response_code", "labels": {"status": "$1"}},
                {"match": "gunicorn.requests", "name": f"{name}_requests"},
                {"match": "gunicorn.request.duration", "name": f"{name}_request_duration"},
            ]
        },
        indent=2,
    )
