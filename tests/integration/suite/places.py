"""The places where the integration tests run: paas-local on this machine, and a Kubernetes cluster."""

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

import projects
import yaml
from deployment import PAAS_LOCAL, Deployment, add_stand_ins
from paas_local.cli.client import ClientError
from protocol import Status, Value
from related_charms import Provider

from examples import Project

NEAR = {"juju-no-proxy": "127.0.0.1,localhost,::1,.svc.cluster.local"}
"""Configuration of a model whose applications do not send requests inside the cluster to the forward proxy."""
PORTS = {"prometheus-k8s": 9090, "loki-k8s": 3100, "grafana-k8s": 3000}
"""Ports of charms that do not open them in Juju."""
_CONFIGURATION = "/flask/gunicorn.conf.py", "/django/gunicorn.conf.py"
_PEBBLE = """
import http.client, json, socket, sys

container, *files = sys.argv[1:]

def ask(path):
    connection = http.client.HTTPConnection("pebble")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(f"/charm/containers/{container}/pebble.socket")
    connection.request("GET", path, headers={"Accept": "multipart/form-data"})
    return connection.getresponse().read().decode()

plan = json.loads(ask("/v1/plan?format=yaml"))["result"]
print(json.dumps([plan, *(ask(f"/v1/files?action=read&path={file}") for file in files)]))
"""


@dataclass(frozen=True, kw_only=True)
class Deployable:
    """The arguments of a deployment."""

    charm: str
    resources: Mapping[str, str]
    config: Mapping[str, Value]
    channel: str = ""
    trust: bool = False


class Place(Protocol):
    """The place of a model, and what the tests do there without a client of Juju."""

    hooks_never_fail: ClassVar[bool]
    """True if a failed hook fails the test at once; on clusters, other charms may need Juju's retry."""
    namespace: str
    """The Kubernetes namespace of the model."""

    def project(self, project: Project, *, previous: bool = False, new_image: bool = False) -> Deployable:
        """Return one of our charms, with the previous or the current wheels, and its image."""
        ...

    def provider(self, provider: Provider) -> Deployable:
        """Return the charm on the other side of an integration."""
        ...

    def url(self, application: str, status: Callable[[], Status]) -> str:
        """Return a URL of an application's server; raise ``OSError`` while it has none."""
        ...

    def log(self) -> str:
        """Return the log of the model."""
        ...

    def service(self, unit: str, container: str) -> str:
        """Return the commands, the variables and the configuration file of a unit's services."""
        ...

    def kill(self, unit: str) -> None:
        """Kill the pod of a unit."""
        ...


class PaasLocal:
    """This machine."""

    hooks_never_fail: ClassVar[bool] = True

    namespace = "test"

    def __init__(self, deployment: Deployment, wheels: Path, previous_wheels: Path) -> None:
        self._deployment = deployment
        self._wheels = {False: wheels, True: previous_wheels}

    def project(self, project: Project, *, previous: bool = False, new_image: bool = False) -> Deployable:
        """Return one of our charms, with the previous or the current wheels, and its image."""
        charm = self._deployment.home / f"{project.name}-charm-{'previous' if previous else 'current'}"
        if not charm.exists():
            names = (f"paas_{project.framework}", "paas_common")
            wheels = [next(self._wheels[previous].glob(f"{name}-*.whl")) for name in names]
            add_stand_ins(projects.charm(project, charm, [wheel.as_uri() for wheel in wheels]))
        image = self._deployment.home / f"{project.name}-image-{'new' if new_image else 'first'}"
        if not image.exists():
            projects.image(project, image, new=new_image)
        return Deployable(charm=str(charm), resources={project.resource: str(image)}, config={})

    def provider(self, provider: Provider) -> Deployable:
        """Return the charm on the other side of an integration."""
        return Deployable(charm=provider.charm, resources={}, config={})

    def url(self, application: str, status: Callable[[], Status]) -> str:
        """Return a URL of an application's server; raise ``OSError`` while it has none."""
        # Without a process for each question.
        try:
            urls = self._deployment.urls(application)
        except ClientError as error:
            raise ConnectionRefusedError(str(error)) from error
        if not urls:
            raise ConnectionRefusedError(f"{application} has no open port")
        return urls[0]

    def log(self) -> str:
        """Return the log of the model."""
        return self._deployment("debug-log", "--limit", "0")

    def service(self, unit: str, container: str) -> str:
        """Return the commands, the variables and the configuration file of a unit's services."""
        return _service(str(PAAS_LOCAL), unit, container, self._deployment.environment)

    def kill(self, unit: str) -> None:
        """Kill the pod of a unit."""
        self._deployment.kill("container ", unit.replace("/", "-"))


class Cluster:
    """A Kubernetes cluster with the images in its registry; the charms are in a folder. ``pack.py`` prepares both."""

    hooks_never_fail: ClassVar[bool] = False

    def __init__(self, model: str, charms: Path) -> None:
        self._model = model
        self.namespace = model.rpartition(":")[2]
        self._charms = charms

    def project(self, project: Project, *, previous: bool = False, new_image: bool = False) -> Deployable:
        """Return one of our charms, with the previous or the current wheels, and its image."""
        charm = self._charms / f"{project.name}-{'previous' if previous else 'current'}.charm"
        image = f"{projects.REGISTRY}/{project.name}:{'new' if new_image else 'first'}"
        return Deployable(charm=str(charm.resolve()), resources={project.resource: image}, config={})

    def provider(self, provider: Provider) -> Deployable:
        """Return the charm on the other side of an integration."""
        if provider.on_charmhub:
            return Deployable(
                charm=provider.charm, resources={}, config=provider.config, channel=provider.channel, trust=True
            )
        charm = self._charms / f"{provider.charm}.charm"
        image = f"{projects.REGISTRY}/{provider.charm}:first"
        return Deployable(charm=str(charm.resolve()), resources={projects.image_resource(provider): image}, config={})

    def url(self, application: str, status: Callable[[], Status]) -> str:
        """Return a URL of an application's server; raise ``OSError`` while it has none."""
        for unit in status()[application].units.values():
            port = next(iter(unit.ports), PORTS.get(application))
            if unit.address and port:
                return f"http://{unit.address}:{port}"
        raise ConnectionRefusedError(f"{application} has no open port")

    def log(self) -> str:
        """Return the log of the model."""
        return _output("juju", "debug-log", "--model", self._model, "--replay", "--no-tail")

    def service(self, unit: str, container: str) -> str:
        """Return the commands, the variables and the configuration file of a unit's services."""
        return _service("juju", unit, container, None, "--model", self._model)

    def kill(self, unit: str) -> None:
        """Kill the pod of a unit."""
        _output("kubectl", "--namespace", self.namespace, "delete", "pod", unit.replace("/", "-"))


def _service(juju: str, unit: str, container: str, environment: Mapping[str, str] | None, *words: str) -> str:
    program = ("python3", "-c", _PEBBLE, container, *_CONFIGURATION)
    plan, *files = json.loads(_output(juju, "exec", *words, "--unit", unit, "--", *program, environment=environment))
    services: dict[str, dict[str, Any]] = yaml.safe_load(plan)["services"]
    lines = [service["command"] for service in services.values()]
    lines += [
        f"{name}={value}" for service in services.values() for name, value in service.get("environment", {}).items()
    ]
    return "\n".join([*lines, *files])


def _output(*words: str, environment: Mapping[str, str] | None = None) -> str:
    assert shutil.which(words[0]), f"{words[0]} is not on PATH"
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words[0]} {words[1]}: {done.stderr}"
    return done.stdout
