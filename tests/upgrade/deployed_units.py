"""One unit of a charm for each framework, in Python environments with paas_charm or with this repository's packages."""

import collections.abc
import dataclasses
import os
import pathlib
import typing
import unittest.mock

import ops
import remote_applications
import state_documents
from ops import testing

IMAGES: typing.Final[dict[str, dict[str, typing.Any]]] = {
    "flask": {
        "base": "/flask",
        "app": "app",
        "command": "/bin/python3 -m gunicorn -c /flask/gunicorn.conf.py 'app:app' -k [ sync ]",
    },
    "django": {
        "base": "/django",
        "app": "app",
        "command": "/bin/python3 -m gunicorn -c /django/gunicorn.conf.py 'notes.wsgi:application' -k [ sync ]",
    },
    "fastapi": {
        "base": "/app",
        "app": "",
        "command": "/bin/python3 -m uvicorn app:app",
        "environment": {"UVICORN_HOST": "0.0.0.0"},
    },
    "go": {"base": "/app", "app": "", "command": "notes"},
}
"""The images that rockcraft's extensions build, in brief."""
MORE_SERVICES: typing.Final = ("mail-worker", "tidy-scheduler")
"""Services that the author of each image has added."""
OPTIONS: typing.Final[dict[str, dict[str, bool | int | str]]] = {
    "flask": {"flask-permanent-session-lifetime": 3600, "flask-session-cookie-secure": True, "webserver-workers": 3},
    "django": {"django-allowed-hosts": "notes.example.com, other.example.com", "webserver-threads": 2},
    "fastapi": {"webserver-workers": 2, "webserver-log-level": "debug"},
    "go": {},
}
"""Options that the operator has set, in addition to the charm's own ``greeting``."""
EXECS: typing.Final = (
    testing.Exec(["/bin/python3", "-m", "gunicorn"]),
    testing.Exec(["python3", "migrate.py"], stdout="migrated\n"),
)
"""The configuration check and the migration, which succeed."""
PEBBLE_READY: typing.Final = "pebble-ready"
REFRESH: typing.Final = ("upgrade-charm", "config-changed", PEBBLE_READY)
"""The events of a refresh, in Juju's usual order."""
_META_KEYS: typing.Final = ("name", "summary", "description", "containers", "resources", "peers", "requires",
                            "provides")  # fmt: skip


@dataclasses.dataclass(kw_only=True)
class DeployedUnit:
    """A unit, its pod's files, and a record of what the charm does in the container."""

    charm_type: type[ops.CharmBase]
    framework: str
    metadata: dict[str, typing.Any]
    """charmcraft.yaml as the extension expands it."""
    root: pathlib.Path
    number: int = 0
    juju: str = "3.6.11"

    def __post_init__(self) -> None:
        self.context = testing.Context(
            type("Charm", (self.charm_type,), {"start_timeout": 0}),  # no server will answer
            meta={name: self.metadata[name] for name in _META_KEYS if name in self.metadata},
            config=self.metadata["config"],
            actions=self.metadata["actions"],
            app_name=self.metadata["name"],
            unit_id=self.number,
            juju_version=self.juju,
        )
        self.new_pod()

    @property
    def container_name(self) -> str:
        """Return the name of the workload container, which differs between charmcraft's extensions."""
        return next(iter(self.metadata["containers"]))

    @property
    def peers(self) -> str:
        """Return the name of the peer endpoint, which differs between charmcraft's extensions."""
        return next(iter(self.metadata["peers"]))

    @property
    def juju_databag(self) -> collections.abc.Mapping[str, str]:
        """Return what Juju itself writes into the databag of a unit: addresses, until Juju 4."""
        address = "192.0.2.0"
        names = ("egress-subnets", "ingress-address", "private-address") if self.juju.startswith("3.") else ()
        return dict.fromkeys(names, address)

    @property
    def folders(self) -> dict[str, pathlib.Path]:
        """Return the folders of the pod by their path in the container."""
        return {IMAGES[self.framework]["base"]: self._pod / "base", f"/tmp/{self.framework}": self._pod / "tmp"}

    def new_pod(self) -> None:
        """Replace the pod by a new one, which has only the image's files."""
        self.pods = getattr(self, "pods", 0) + 1
        self._pod = self.root / f"unit-{self.number}" / f"pod-{self.pods}"
        app = self._pod / "base" / IMAGES[self.framework]["app"]
        app.mkdir(parents=True)
        (self._pod / "tmp").mkdir()
        (app / "migrate.py").write_text("print('migrated')\n")
        for path in (app, app / "migrate.py"):  # all pods have the same image
            os.utime(path, (0, 0))

    def put_files(self, files: collections.abc.Mapping[str, str]) -> None:
        """Write recorded files into the pod."""
        for path, text in files.items():
            location = next(each for each in self.folders if path.startswith(f"{each}/"))
            target = self.folders[location] / path.removeprefix(f"{location}/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)

    def container(self, **changes: typing.Any) -> testing.Container:
        """Return the container of the pod, with the image's layer only."""
        image = IMAGES[self.framework]
        commands = {self.framework: image["command"], **{name: f"/bin/{name}" for name in MORE_SERVICES}}
        services: dict[str, typing.Any] = {
            name: {"override": "replace", "startup": "enabled", "command": command, "user": "_daemon_"}
            for name, command in commands.items()
        }
        if "environment" in image:
            services[self.framework]["environment"] = image["environment"]
        mounts = {name.strip("/"): testing.Mount(location=name, source=path) for name, path in self.folders.items()}
        arguments: dict[str, typing.Any] = {
            "can_connect": True,
            "layers": {"image": ops.pebble.Layer({"services": services})},
            "execs": {*EXECS},
            "mounts": mounts,
        }
        return testing.Container(self.container_name, **{**arguments, **changes})

    def running_container(self, document: state_documents.Document) -> testing.Container:
        """Return the container of the pod with the layers and the services of a document."""
        layers, statuses = state_documents.layers(document), state_documents.service_statuses(document)
        return self.container(layers=layers, service_statuses=statuses)

    def run(self, name: str, state: testing.State) -> testing.State:
        """Run the event of a hook, such as ``config-changed`` or ``redis-relation-changed``."""
        host = f"notes-{self.number}.notes-endpoints.demo.svc.cluster.local"  # Kubernetes names the pod so
        with unittest.mock.patch("socket.getfqdn", return_value=host):
            return self.context.run(self._event(name, state), state)

    def refresh(
        self, document: state_documents.Document, events: collections.abc.Sequence[str] = REFRESH
    ) -> testing.State:
        """Refresh a recorded unit to this charm: it gets a new pod, whose container is up from pebble-ready on."""
        state = state_documents.read(document, self.container(can_connect=False))
        for event in events:
            if event == PEBBLE_READY:
                state = dataclasses.replace(state, containers=[self.container()])
            state = self.run(event, state)
        return state

    def migrations(self) -> int:
        """Return how often the charm has run the migration."""
        history = self.context.exec_history.get(self.container_name, [])
        return sum(process.command[-1] == "migrate.py" for process in history)

    def document(self, state: testing.State) -> state_documents.Document:
        """Return the document of a state of this unit."""
        return state_documents.write(state, state_documents.files(self.folders))

    def _event(self, name: str, state: testing.State) -> typing.Any:
        on = self.context.on
        (container,) = state.containers
        if name == PEBBLE_READY:
            return on.pebble_ready(container)
        endpoint, is_relation, kind = name.partition("-relation-")
        if not is_relation:
            return getattr(on, name.replace("-", "_"))()
        relation = next(each for each in state.relations if each.endpoint == endpoint)
        unit = {"remote_unit": _remote_unit(relation)} if kind in {"joined", "changed", "departed"} else {}
        return getattr(on, f"relation_{kind}")(relation, **unit)


def _remote_unit(relation: testing.RelationBase) -> int | None:
    if isinstance(relation, testing.PeerRelation):
        return next(iter(relation.peers_data), None)
    return next(iter(typing.cast("testing.Relation", relation).remote_units_data), None)


def replaced(state: testing.State, relation: testing.RelationBase) -> testing.State:
    """Return a state with another version of one of its relations."""
    others = [each for each in state.relations if each.id != relation.id]
    return dataclasses.replace(state, relations=[*others, relation])


def deploy(unit: DeployedUnit, *, leader: testing.State | None = None) -> testing.State:
    """Deploy a unit of a new application of two units, relate everything, and return the state at the end.

    The second unit gets the application databags and the secrets that the leader has written. It is related to
    everything but the HTTP proxy: paas_charm 1 fails each of its hooks otherwise, because it reads a databag that only
    the leader may read.
    """
    databags = {each.endpoint: dict(each.local_app_data) for each in (leader.relations if leader else ())}
    remotes = [
        (number, remote)
        for number, remote in enumerate(remote_applications.ALL, start=2)
        if unit.number == 0 or remote.endpoint != "http-proxy"
    ]
    peer = testing.PeerRelation(
        unit.peers,
        id=1,
        peers_data={1 - unit.number: {}},
        local_app_data=databags.get(unit.peers, {}),
        local_unit_data=dict(unit.juju_databag),
    )
    relations = [
        dataclasses.replace(
            remote_applications.related(remote, number, unit.juju_databag),
            local_app_data=databags.get(remote.endpoint, {}),
        )
        for number, remote in remotes
    ]
    state = testing.State(
        leader=leader is None,
        planned_units=2,
        config={"greeting": "Good day", **OPTIONS[unit.framework]},
        model=testing.Model("demo", uuid="5c6f2f0c-3c66-4c1c-9a52-0a9a7a3f4e10", type="kubernetes"),
        relations=[peer, *relations],
        secrets=[secret for secret in (leader.secrets if leader else ()) if secret.owner == "app"],
        containers=[unit.container(can_connect=False)],
    )
    first = ("install", f"{unit.peers}-relation-created", *(("leader-elected",) if state.leader else ()))
    created = [f"{remote.endpoint}-relation-created" for _, remote in remotes]
    for event in (*first, *created, "config-changed", "start"):
        state = unit.run(event, state)
    state = dataclasses.replace(state, containers=[unit.container()])
    state = unit.run(PEBBLE_READY, state)
    for _, remote in remotes:
        state = unit.run(f"{remote.endpoint}-relation-joined", state)
        state = unit.run(f"{remote.endpoint}-relation-changed", _answered(state, remote))
    return unit.run("update-status", state)


def _answered(state: testing.State, remote: remote_applications.RemoteApplication) -> testing.State:
    relation = next(each for each in state.relations if each.endpoint == remote.endpoint)
    assert isinstance(relation, testing.Relation)
    answered = dataclasses.replace(
        relation,
        remote_app_data=dict(remote.app(relation.local_app_data)),
        remote_units_data={0: {**relation.remote_units_data[0], **remote.unit}},
    )
    secrets = [*state.secrets, *remote_applications.secrets(remote)]
    return replaced(dataclasses.replace(state, secrets=secrets), answered)
