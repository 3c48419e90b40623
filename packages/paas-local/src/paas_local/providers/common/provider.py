"""The base of the built-in providers: one server in one container, and clients that read its address.

Every event does the same, whatever its name: start the server as :meth:`ProviderCharm.server` describes it, wait until
it answers, and publish to each client (:meth:`ProviderCharm.publish`). A provider observes only its actions itself.
The hooks of all other events end in ``dispatch``, before Python starts.
"""

import base64
import contextlib
import gc
import hashlib
import json
import socket
import time
import urllib.error
import urllib.request
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import ops

# Imported modules stay until the end of the event's process; the garbage collector runs several times at that end.
gc.freeze()

StrMap = Mapping[str, str]
T = TypeVar("T")
_PAUSE = 0.1
_NODE_PORTS = range(30000, 32000)
# paas-local url knows by these numbers that a port speaks HTTPS
_HTTPS_NODE_PORTS = range(32000, 32768)


class NotReadyError(Exception):
    """The server cannot be used yet; the text is for the status."""


class RefusedError(Exception):
    """An option or a client asks for something impossible; the text is for the status."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server as it should run in its container."""

    container: str
    """Also the name of its service."""
    command: str
    port: int
    """The server can be used once it takes connections on this port."""
    more_ports: tuple[int, ...] = ()
    """Other ports that clients use."""
    files: StrMap = field(default_factory=dict[str, str])
    """Path to content of its configuration; the server restarts when one differs."""
    environment: StrMap = field(default_factory=dict[str, str], repr=False)
    reload: tuple[str, ...] | None = None
    """Command that makes a running server read its files again, in place of a restart; empty if it does so itself."""
    user: str | None = "_daemon_"
    """The account that runs it; None where the whole container runs as another user already."""
    kill_delay: str = "5s"
    check: bool = False
    """True if Pebble checks the port; the charm then runs when the check fails and when it recovers."""

    @property
    def layer(self) -> ops.pebble.LayerDict:
        """The layer of its service."""
        service: ops.pebble.ServiceDict = {
            "override": "replace",
            "summary": self.container,
            "command": self.command,
            "startup": "enabled",
            "environment": dict(self.environment),
            "kill-delay": self.kill_delay,
        }
        if self.user:
            service |= {"user": self.user}
        check: ops.pebble.CheckDict = {"override": "replace", "level": "ready", "tcp": {"port": self.port}}
        checks = {self.container: check} if self.check else {}
        return {"summary": self.container, "services": {self.container: service}, "checks": checks}


class ProviderCharm(ops.CharmBase):
    """A server on one unit, for the clients of some endpoints."""

    endpoints: ClassVar[tuple[str, ...]]
    patience: ClassVar[float] = 90.0
    """Seconds until a server that was just started takes connections; after them, the next event looks again.

    Only a server with a check has an event of its own then, so this is the time of a machine that is very busy.
    """
    active_message: ClassVar[str] = ""
    """Message of the active status."""
    invalid: ClassVar[tuple[type[Exception], ...]] = ()
    """Errors of the charm's own modules about relation data; the text names the key and the rule."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        events: list[ops.BoundEvent] = [
            self.on.config_changed,
            self.on.leader_elected,
            self.on.update_status,
            self.on.upgrade_charm,
        ]
        for name in self.meta.containers:
            container = self.on[name]
            events += [container.pebble_ready, container.pebble_check_failed, container.pebble_check_recovered]
        for name in self.endpoints:
            relation = self.on[name]
            events += [relation.relation_changed, relation.relation_departed, relation.relation_broken]
        for event in events:
            framework.observe(event, self.reconcile)

    @abstractmethod
    def server(self) -> Server:
        """Describe the server; raises ``RefusedError`` when the options do not allow one."""

    @abstractmethod
    def publish(self, relation: ops.Relation) -> None:
        """Write the databag of a client with :func:`write`; runs in each event, once the server answers."""

    def announce(self, relation: ops.Relation) -> None:
        """Write what the real charm writes while its server cannot be used yet; runs in each event until then."""

    def prepare(self, container: ops.Container) -> None:
        """Prepare the container before the server starts; runs in each event."""

    def serve(self, relations: Iterable[ops.Relation]) -> None:
        """Publish to every client; a client that is refused does not stop the others."""
        refused = [reason for relation in relations if (reason := self.publish_problem(relation))]
        if refused:
            raise RefusedError("; ".join(refused))

    def publish_problem(self, relation: ops.Relation) -> str | None:
        """Publish to a client; return the reason if it is refused."""
        try:
            self.publish(relation)
        except RefusedError as reason:
            return str(reason)
        except self.invalid as reason:
            return str(invalid(relation, reason))
        return None

    def requests(self, read: Callable[[ops.Relation], T | None], *endpoints: str) -> Iterator[tuple[ops.Relation, T]]:
        """Yield each client of some endpoints, else of the first one, with its request, by the relation ids.

        Clients without a request are skipped, and clients with an invalid one: :meth:`publish` reports those.
        """
        names = endpoints or self.endpoints[:1]
        clients = [relation for relation in self.clients if relation.name in names]
        for relation in sorted(clients, key=lambda relation: relation.id):
            request = None
            with contextlib.suppress(RefusedError, *self.invalid):
                request = read(relation)
            if request is not None:
                yield relation, request

    @property
    def clients(self) -> list[ops.Relation]:
        """The relations of the endpoints; a relation that is ending is still listed in Juju, and is left out here."""
        return [relation for name in self.endpoints for relation in self.model.relations[name] if relation.active]

    @property
    def host(self) -> str:
        """The name by which pods of any model reach the server."""
        return self.service_name(self.app.name)

    def service_name(self, service: str) -> str:
        """Return the name by which pods of any model reach a Kubernetes service of this model."""
        return f"{service}.{self.model.name}.svc.cluster.local"

    @property
    def browser_port(self) -> int:
        """The port of a server that browsers use: the same in the pod and on the machine, unless it is taken there.

        A charm cannot know the port on the machine, and a URL has one port for both. The port is in Kubernetes' range
        for node ports, and always the same for an application of a model, so a conflict is unlikely.
        """
        return self._node_port(_NODE_PORTS)

    @property
    def https_port(self) -> int:
        """The port of a server that browsers use with HTTPS, chosen as :attr:`browser_port`."""
        return self._node_port(_HTTPS_NODE_PORTS)

    def _node_port(self, ports: range) -> int:
        digest = hashlib.sha256(f"{self.model.uuid}/{self.app.name}".encode()).digest()
        return ports[int.from_bytes(digest[:4], "big") % len(ports)]

    @property
    def browser_host(self) -> str:
        """The name of a server that browsers use; it works on the machine and in the pods of this model."""
        return f"{self.app.name}.{self.model.name}.localhost"

    @property
    def browser_url(self) -> str:
        """The URL of a server that browsers use; it works on the machine and in the pods of this model."""
        return f"http://{self.browser_host}:{self.browser_port}"

    @property
    def fqdn(self) -> str:
        """The name by which pods of any model reach this unit."""
        return self.service_name(f"{self.unit.name.replace('/', '-')}.{self.app.name}-endpoints")

    @property
    def ip(self) -> str:
        """The IP address of this unit."""
        binding = self.model.get_binding(self.endpoints[0])
        return str(binding.network.bind_address) if binding else "127.0.0.1"

    def secret(self, relation: ops.Relation, label: str, content: dict[str, str]) -> str:
        """Return the id of a secret that this client may read; a new revision is made only if the content differs."""
        name = f"{label}-{relation.id}"
        try:
            secret = self.model.get_secret(label=name)
            if secret.peek_content() != content:
                secret.set_content(content)
        except ops.SecretNotFoundError:
            secret = self.app.add_secret(content, label=name)
        secret.grant(relation)
        return str(secret.id or secret.get_info().id)

    def answer(self, event: ops.ActionEvent, name: str, rows: Callable[[], Iterable[Mapping[str, object]]]) -> None:
        """Set the results of an action to the rows that the server lists: their count, and each by its number."""
        try:
            listed = list(rows())
        except urllib.error.HTTPError as error:
            with error:
                event.fail(error.read().decode().strip())
            return
        except OSError as error:
            event.fail(f"the server does not answer: {error}; juju status shows the reason")
            return
        event.set_results(
            {"count": len(listed), name: {str(number): dict(row) for number, row in enumerate(listed, 1)}}
        )

    def own_secret(self, label: str, make: Callable[[], dict[str, str]]) -> dict[str, str]:
        """Return the content of a secret of this application, which is made when it is first needed."""
        content = self._read_secret(label)
        if content is None:
            self.app.add_secret(content := make(), label=label)
        return content

    def set_own_secret(self, label: str, content: dict[str, str]) -> None:
        """Replace the content of a secret of this application."""
        if self.own_secret(label, lambda: content) != content:
            self.model.get_secret(label=label).set_content(content)

    def _read_secret(self, label: str) -> dict[str, str] | None:
        try:
            return self.model.get_secret(label=label).get_content(refresh=True)
        except ops.SecretNotFoundError:
            return None

    def reconcile(self, _: ops.EventBase) -> None:
        """Start the server and publish to the clients; runs in each event, and after an action that changes a value."""
        if not self.unit.is_leader():
            self.unit.status = ops.WaitingStatus("replicas are not supported")
            return
        try:
            self._serve(self.server())
        except RefusedError as reason:
            self.unit.status = ops.BlockedStatus(str(reason))
        except NotReadyError as reason:
            for relation in self.clients:
                with contextlib.suppress(RefusedError, *self.invalid):  # reported once the server can be used
                    self.announce(relation)
            self.unit.status = ops.WaitingStatus(str(reason))
        else:
            self.unit.status = ops.ActiveStatus(self.active_message)

    def _serve(self, server: Server) -> None:
        container = self.unit.get_container(server.container)
        if not container.can_connect():
            raise NotReadyError("waiting for the container")
        try:
            self.prepare(container)
            _run(container, server)
        except ops.pebble.Error as error:
            raise NotReadyError(f"the server does not start: {_first_line(error)}") from error
        if not answers(server.port, self.patience):
            raise NotReadyError(f"waiting for the server to answer on port {server.port}")
        self.unit.set_ports(server.port, *server.more_ports)
        self.serve(self.clients)


def invalid(relation: ops.Relation, reason: object) -> RefusedError:
    """Build the error for relation data that is invalid; the reason names the key and the rule."""
    return RefusedError(f"invalid {relation.name} relation data from {relation.app.name}: {reason}")


def write(databag: ops.RelationDataContent, values: StrMap) -> None:
    """Write the values that differ; an empty value removes its key."""
    for name, value in values.items():
        if databag.get(name, "") != value:
            databag[name] = value


def answers(port: int, patience: float) -> bool:
    """Wait until a server takes connections; the containers of a pod share their network."""
    until = time.monotonic() + patience
    while not _connects(port):
        if time.monotonic() >= until:
            return False
        time.sleep(_PAUSE)
    return True


def _connects(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(2)
        return client.connect_ex(("127.0.0.1", port)) == 0


def ask(port: int, path: str, body: Mapping[str, Any] | None = None, *, login: tuple[str, str] | None = None) -> Any:
    """Send a request to a JSON API of this pod; return the answer."""
    content = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if login:
        headers |= {"Authorization": f"Basic {base64.b64encode(':'.join(login).encode()).decode()}"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", content, headers)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        return json.load(answer)


def _run(container: ops.Container, server: Server) -> None:
    """Make the container match the description; do nothing if it does already."""
    changed = [path for path, content in server.files.items() if _content(container, path) != content]
    for path in changed:
        user = server.user
        container.push(path, server.files[path], make_dirs=True, permissions=0o640, user=user, group=user)
    container.add_layer("charm", ops.pebble.Layer(server.layer), combine=True)
    services = container.get_services(server.container)
    if changed and server.container in services and services[server.container].is_running():
        _reload(container, server)
    container.replan()


def _reload(container: ops.Container, server: Server) -> None:
    """Make a running server read its files again, by a restart where it has no command for that."""
    if server.reload == ():
        return
    if server.reload:
        with contextlib.suppress(ops.pebble.ExecError, ops.pebble.ChangeError):
            container.exec([*server.reload], environment=dict(server.environment), timeout=10).wait_output()
            return
    container.restart(server.container)


def _content(container: ops.Container, path: str) -> str | None:
    try:
        with container.pull(path) as file:
            return str(file.read())
    except ops.pebble.PathError:
        return None


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
