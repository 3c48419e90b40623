"""A Flask charm under ``ops.testing``, with the real charm libraries."""

import collections.abc
import contextlib
import copy
import dataclasses
import pathlib
import shutil
import typing

import ops
import paas_common
import paas_flask
from ops import testing
from paas_common.juju import record

HERE = pathlib.Path(__file__).parent
CHARM = HERE.parent.parent / "examples/flask/charm"
KEY = "generated-key"
IMAGE: dict[str, dict[str, typing.Any]] = {
    "flask": {
        "override": "replace",
        "startup": "enabled",
        "command": "/bin/python3 -m gunicorn -c /flask/gunicorn.conf.py 'app:app' -k [ sync ]",
        "after": ["statsd-exporter"],
        "user": "_daemon_",
        "environment": {"OF_THE_IMAGE": "kept"},
    },
    "statsd-exporter": {
        "override": "merge",
        "startup": "enabled",
        "command": "/bin/statsd_exporter",
        "user": "_daemon_",
    },
}
SERVED = testing.Exec(["/bin/python3", "-m", "gunicorn"])
"""Gunicorn's configuration check, which succeeds."""


class FlaskCharm(paas_flask.Charm):
    """The charm of a charm author."""

    start_timeout = 0


def layer(services: dict[str, dict[str, typing.Any]]) -> ops.pebble.Layer:
    """Return the layer of an image."""
    return ops.pebble.Layer(typing.cast("ops.pebble.LayerDict", {"services": services}))


def postgresql(
    *, app: dict[str, str] | None = None, endpoint: str = "postgresql", local: dict[str, str] | None = None
) -> testing.Relation:
    """Return a database relation; without data, the provider has not written it yet."""
    return testing.Relation(
        endpoint,
        interface="postgresql_client",
        remote_app_name="postgresql-k8s",
        remote_app_data=app or {},
        local_app_data={"database": "flask-k8s"} if local is None else local,
    )


DATABASE = {
    "database": "flask-k8s",
    "endpoints": "pg-primary:5432",
    "username": "relation_id_7",
    "password": "pgPass01",
}


def stopped(state: testing.State) -> testing.State:
    """Return the state in which the application's service has stopped."""
    (container,) = state.containers
    stopped = dataclasses.replace(container, service_statuses={"flask": ops.pebble.ServiceStatus.INACTIVE})
    return dataclasses.replace(state, containers={stopped})


Failing = collections.abc.Callable[[str, Exception], contextlib.AbstractContextManager[None]]


@dataclasses.dataclass(kw_only=True)
class Scenario:
    """A builder of states for a Flask charm with one unit, which runs events on them."""

    meta: dict[str, typing.Any]
    root: pathlib.Path
    """The container's files below /flask and /tmp/flask, which persist between events."""
    charm_type: type[paas_common.PaasCharm] = FlaskCharm
    container: str = "flask-app"
    juju: str = "3.6.11"
    paas_config: str | bytes = ""
    key_field: str = "flask_secret_key_id"
    peers: str = "secret-storage"
    image: dict[str, dict[str, typing.Any]] = dataclasses.field(default_factory=lambda: dict(IMAGE))
    image_root: str = "/flask"
    commands: set[testing.Exec] = dataclasses.field(default_factory=lambda: {SERVED})

    unit: int = 0
    keeps_record: bool = False
    """The record of one event is there at the next, as under Juju.

    Most tests change the state without the event that Juju sends for it, and then need a complete pass.
    """
    _context: testing.Context[ops.CharmBase] | None = None
    _known: object = None

    def context(self) -> testing.Context[ops.CharmBase]:
        config = {"options": self.meta["config"]["options"]}
        keys = ("name", "summary", "description", "containers", "resources", "peers", "requires", "provides")
        meta = {name: self.meta[name] for name in keys}
        known = copy.deepcopy((meta, config, self.unit))
        if self._context is not None and known == self._known:
            return self._context
        self._known = known
        self._context = testing.Context(
            self.charm_type,
            meta=meta,
            config=config,
            actions=self.meta["actions"],
            app_name="flask-k8s",
            unit_id=self.unit,
            juju_version=self.juju,
            charm_root=self._charm_root(),
        )
        return self._context

    def _charm_root(self) -> pathlib.Path:
        """Return the folder of the charm."""
        folder = self.root / "charm"
        folder.mkdir(exist_ok=True)
        if self.paas_config:
            text = self.paas_config
            (folder / "paas-config.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        return folder

    def context_of(self, unit: int) -> testing.Context[ops.CharmBase]:
        """Return the context of another unit than 0, for all later events."""
        self.unit = unit
        return self.context()

    def run(self, event: object, state: testing.State) -> testing.State:
        if not self.keeps_record:
            (self.root / "charm" / record.FILE).unlink(missing_ok=True)
        return self.context().run(event, state)  # pyright: ignore[reportArgumentType]  any type of event

    def workload(self, **changes: typing.Any) -> testing.Container:
        """Return a running container with only the image's layer."""
        arguments: dict[str, typing.Any] = {
            "can_connect": True,
            "layers": {"image": layer(self.image)},
            "execs": self.commands,
            "mounts": {
                "base": testing.Mount(location=self.image_root, source=self.root / "base"),
                "tmp": testing.Mount(
                    location=self.charm_type.spec.state_dir.rpartition("/")[0], source=self.root / "tmp"
                ),
            },
        }
        return testing.Container(self.container, **{**arguments, **changes})

    @property
    def gunicorn(self) -> str:
        """Return the configuration that the charm wrote."""
        return (self.root / "base/gunicorn.conf.py").read_text()

    def new_container(self) -> None:
        """Remove the container's files, as a new pod does, except the image's own."""
        shutil.rmtree(self.root / "tmp")
        (self.root / "tmp").mkdir()
        (self.root / "base/gunicorn.conf.py").unlink(missing_ok=True)

    def image_file(self, name: str, text: str = "") -> None:
        """Add a file to the application's folder in the image."""
        folder = self.charm_type.spec.app_dir.removeprefix(self.image_root).lstrip("/")
        path = self.root / "base" / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def secret(self, key: str = KEY) -> testing.Secret:
        return testing.Secret({"value": key}, owner="app")

    def peer(self, secret: testing.Secret | None, **changes: typing.Any) -> testing.PeerRelation:
        data = {self.key_field: secret.id} if secret else {}
        arguments: dict[str, typing.Any] = {"local_app_data": data, **changes}
        return testing.PeerRelation(self.peers, **arguments)

    def state(self, **changes: typing.Any) -> testing.State:
        """Return the state of a leader with its secret key and all required integrations."""
        secret = self.secret()
        arguments: dict[str, typing.Any] = {
            "leader": True,
            "containers": {self.workload()},
            "relations": {self.peer(secret), postgresql(app=DATABASE)},
            "secrets": {secret},
            "model": testing.Model("demo", type="kubernetes"),
        }
        return testing.State(**{**arguments, **changes})

    def settled(self, **changes: typing.Any) -> testing.State:
        """Return the state after a first pass: the application runs."""
        return healthy(self.run(self.context().on.config_changed(), self.state(**changes)))


def healthy(state: testing.State) -> testing.State:
    """Make Pebble's check of the port succeed."""
    containers = {
        dataclasses.replace(each, check_infos={dataclasses.replace(info, successes=5) for info in each.check_infos})
        for each in state.containers
    }
    return dataclasses.replace(state, containers=containers)


def relation(state: testing.State, endpoint: str = "postgresql") -> testing.Relation:
    """Return the relation of an endpoint."""
    related = next(each for each in state.relations if each.endpoint == endpoint)
    return typing.cast("testing.Relation", related)


def peer_of(state: testing.State) -> testing.PeerRelation:
    """Return the peer relation."""
    return typing.cast("testing.PeerRelation", relation(state, "secret-storage"))


def environment(state: testing.State, service: str = "flask") -> dict[str, str]:
    (container,) = state.containers
    return dict(container.plan.services[service].environment)


@dataclasses.dataclass(frozen=True)
class Call:
    """One call of the container by the charm."""

    name: str
    arguments: tuple[object, ...]


class Calls(list[Call]):
    """The calls of the container by the charm, in order."""

    def names(self) -> list[str]:
        return [call.name for call in self]


CALLS = ("add_layer", "exec", "get_checks", "get_plan", "get_services", "list_files", "pull", "push",
         "remove_path", "replan", "restart", "send_signal", "stop")  # fmt: skip
