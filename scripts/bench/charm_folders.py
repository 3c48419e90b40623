"""The charms that are compared: ours, paas-charm's and an empty one, each with its Python environment."""

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from paas_local.build import charm_libs, charmcraft_extensions, interpreters

ROOT = Path(__file__).resolve().parent.parent.parent
PEER = "paas-charm==1.12.3"
WORKLOAD = (
    "flask==3.1.2",
    "gunicorn==23.0.0",
    "opentelemetry-sdk==1.45.2",
    "opentelemetry-exporter-otlp-proto-http==1.45.2",
)
"""The application's requirements. While tracing is related, paas-charm starts no application without OpenTelemetry."""
SAME = ("ops==3.9.0", "pydantic==2.13.5")
OURS = """#!/usr/bin/env python3
import ops
import paas_flask


class FlaskK8SCharm(paas_flask.Charm):
    pass


if __name__ == "__main__":
    ops.main(FlaskK8SCharm)
"""
THEIRS = OURS.replace("paas_flask", "paas_charm.flask")
EMPTY = """#!/usr/bin/env python3
import ops


class EmptyCharm(ops.CharmBase):
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.update_status, self._on_event)
        framework.observe(self.on.config_changed, self._on_event)

    def _on_event(self, event):
        self.unit.status = ops.ActiveStatus()


if __name__ == "__main__":
    ops.main(EmptyCharm)
"""
APPLICATION = """import flask

app = flask.Flask(__name__)


@app.get("/")
def index():
    return "hello"
"""
STAND_INS = {
    "observability_libs/v0/juju_topology.py": "",
    "redis_k8s/v0/redis.py": """
import ops

class RedisRequires(ops.Object):
    pass

class RedisRelationUpdatedEvent(ops.EventBase):
    pass

class RedisRelationCharmEvents(ops.CharmEvents):
    redis_relation_updated = ops.EventSource(RedisRelationUpdatedEvent)
""",
    "traefik_k8s/v2/ingress.py": """
import ops

class IngressPerAppRequirerEvents(ops.ObjectEvents):
    ready = ops.EventSource(ops.EventBase)
    revoked = ops.EventSource(ops.EventBase)

class IngressPerAppRequirer(ops.Object):
    on = IngressPerAppRequirerEvents()
    url = None

    def __init__(self, charm, relation_name="ingress", **_):
        super().__init__(charm, relation_name)

    def provide_ingress_requirements(self, **_):
        pass

    def _publish_auto_data(self):
        pass
""",
}
"""Charm libraries that paas-charm always imports and that no package index has."""
LIBRARIES = (
    "data_platform_libs.data_interfaces 0",
    "data_platform_libs.s3 0",
    "tempo_coordinator_k8s.tracing 0",
    "grafana_k8s.grafana_dashboard 0",
    "loki_k8s.loki_push_api 1",
    "prometheus_k8s.prometheus_scrape 0",
)
_POSTGRESQL = {
    "database": "flask-k8s",
    "endpoints": "pg-primary:5432",
    "username": "relation_id_7",
    "password": "a-password",
    "data": '{"database": "flask-k8s"}',
}
_MONGODB = {
    "database": "flask-k8s",
    "endpoints": "mongo-0:27017",
    "username": "relation-68",
    "password": "a-password",
    "uris": "mongodb://relation-68:a-password@mongo-0:27017/flask-k8s",
    "data": '{"database": "flask-k8s"}',
}
_S3 = {"access-key": "key", "secret-key": "a-secret", "bucket": "flask", "endpoint": "https://minio:9000"}
_TEMPO = [{"protocol": {"name": "otlp_http", "type": "http"}, "url": "http://tempo:4318"}]
INTEGRATIONS: tuple[dict[str, Any], ...] = (
    {"endpoint": "postgresql", "interface": "postgresql_client", "app": _POSTGRESQL},
    {"endpoint": "mongodb", "interface": "mongodb_client", "app": _MONGODB},
    {"endpoint": "s3", "interface": "s3", "app": _S3},
    {"endpoint": "rabbitmq", "interface": "rabbitmq", "app": {"hostname": "rabbit", "password": "a-password"}},
    {"endpoint": "tracing", "interface": "tracing", "app": {"receivers": json.dumps(_TEMPO)}},
    {"endpoint": "metrics-endpoint", "interface": "prometheus_scrape"},
    {"endpoint": "grafana-dashboard", "interface": "grafana_dashboard"},
    {
        "endpoint": "logging",
        "interface": "loki_push_api",
        "unit": {"endpoint": json.dumps({"url": "http://loki:3100/loki/api/v1/push"})},
    },
)
"""Integrations whose charm libraries are on a package index, and what their providers write."""


def redis(number: int) -> dict[str, Any]:
    """Return the integration of a further Redis endpoint."""
    return {"endpoint": f"redis-r{number}", "interface": "redis", "unit": {"hostname": "10.1.0.9", "port": "6379"}}


def charmcraft(*, options: int = 1, further: int = 0) -> dict[str, Any]:
    """Return the metadata: all endpoints of the integrations, further Redis endpoints, and options."""
    own = ("metrics-endpoint", "grafana-dashboard", "logging")
    requires = {
        each["endpoint"]: {"interface": each["interface"], "optional": True, "limit": 1}
        for each in INTEGRATIONS
        if each["endpoint"] not in own
    }
    requires |= {f"redis-r{number}": {"interface": "redis", "optional": True} for number in range(further)}
    names = ["greeting", *(f"option-{number}" for number in range(1, options))]
    return {
        "name": "flask-k8s",
        "type": "charm",
        "summary": "A benchmark.",
        "description": "A benchmark.",
        "base": "ubuntu@24.04",
        "extensions": ["flask-framework"],
        "requires": requires,
        "config": {"options": {name: {"type": "string", "default": "Hello"} for name in names}},
    }


def create(folder: Path, text: str, metadata: dict[str, Any]) -> Path:
    """Write a charm's folder, as Juju unpacks it; return its path."""
    charm = folder / "charm"
    (charm / "src").mkdir(parents=True)
    (charm / "src/charm.py").write_text(text)
    expanded = charmcraft_extensions.expand(metadata, folder)
    keys = ("name", "summary", "description", "containers", "resources", "peers", "requires", "provides")
    (charm / "metadata.yaml").write_text(yaml.safe_dump({key: expanded[key] for key in keys}))
    (charm / "config.yaml").write_text(yaml.safe_dump(expanded["config"]))
    (charm / "actions.yaml").write_text(yaml.safe_dump(expanded["actions"]))
    shutil.copytree(_libraries(), charm / "lib")
    return charm


@functools.cache
def _libraries() -> Path:
    """Fetch the charm libraries, once in a process; return their folder."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    libraries = [dict(zip(("lib", "version"), each.split(), strict=True)) for each in LIBRARIES]
    charm_libs.fetch_into(folder, {"charm-libs": libraries}, print_to_stderr)
    for place, library in STAND_INS.items():
        file = folder / "charms" / place
        file.parent.mkdir(parents=True)
        file.write_text(library)
    return folder


def print_to_stderr(text: str) -> None:
    """Report progress."""
    print(text, file=sys.stderr)  # noqa: T201


def environment(folder: Path, *requirements: str) -> Path:
    """Create a Python environment with compiled packages; return its Python."""
    program = interpreters.find_uv()
    python = folder / "venv/bin/python"
    # uv's cache has an older build of the same version
    fresh = [f"--refresh-package={wheel.name.partition('-')[0]}" for wheel in (ROOT / "dist").glob("paas_*.whl")]
    options = ["--quiet", "--compile-bytecode", *fresh, "--python", str(python)]
    install = [program, "pip", "install", *options, *requirements]
    for words in (
        [program, "venv", "--quiet", "--python", str(Path(sys.executable).resolve()), str(folder / "venv")],
        install,
    ):
        subprocess.run(words, env={**os.environ, "UV_FIND_LINKS": str(ROOT / "dist")}, check=True)
    return python
