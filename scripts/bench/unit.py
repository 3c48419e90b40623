"""One unit of a charm on this machine, measured event by event; ``python unit.py SPEC`` reads commands from its input.

The unit has its own user, mount and network namespace, so that the charm finds Pebble's socket and the application's
folder at the paths of a pod. paas-local's model of Juju answers the hook tools, which are processes, and its Pebble
runs the workload behind a proxy that counts requests. A charm cannot see the difference.
"""

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import ops
from paas_local.build import charms
from paas_local.controller import charm_metadata, dispatch, hook_tool
from paas_local.controller.secret_ids import fresh_id
from paas_local.juju import events, hook_commit, hook_tools, next_hook, operations, pod_changes
from paas_local.juju.charm import Charm, Endpoint
from paas_local.juju.hook_context import HookContext, PendingWrites
from paas_local.juju.model import Databag, Model
from paas_local.pods import containers, namespaces, netif

APP, UNIT = "flask-k8s", "flask-k8s/0"
MODEL_UUID = "11111111-2222-4333-8444-555555555555"
ACCOUNTS = "root:x:0:0::/root:/bin/sh\n_daemon_:x:0:0::/:/bin/sh\n"
GROUPS = "root:x:0:\n_daemon_:x:0:\n"
START_SECONDS = 20.0
MODULES = """
import atexit, runpy, sys
atexit.register(lambda: sys.stderr.write("modules: " + " ".join(sorted(sys.modules))))
runpy.run_path(sys.argv[1], run_name="__main__")
"""
"""Program that runs a charm and prints the modules that it has imported."""


@dataclasses.dataclass(frozen=True)
class Spec:
    """A charm, its Python, its related applications and its workload."""

    python: str
    charm: str
    """The charm's folder, with ``src/charm.py`` and its metadata."""
    root: str
    """An empty folder, which becomes the root of the unit's file system."""
    container: str
    workload_python: str
    workload_path: str
    """Folder with the workload's Python packages."""
    application: str
    """Text of the application, ``app.py``."""
    integrations: list[dict[str, Any]]
    """Each with the keys ``endpoint``, ``interface``, ``app`` and ``unit``: what the remote side writes."""
    peers: int = 0
    """Number of further units of the application; they do nothing."""


class MeasuredUnit:
    """The model, the unit's Pebble and its hooks."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._tools: Counter[str] = Counter()
        self._requests: Counter[str] = Counter()
        self._context: HookContext | None = None
        self._pebble: subprocess.Popen[bytes] | None = None
        self._model = self._deployed()
        self._number = 0
        self._error = ""

    def _deployed(self) -> Model:
        charm = charm_metadata.declared(charms.read(Path(self._spec.charm)))
        model = operations.add_model("demo", MODEL_UUID, time.time())
        addresses = [f"10.1.0.{number + 2}" for number in range(self._spec.peers + 1)]
        model = _deployed(model, charm, APP, addresses)
        model = pod_changes.pod_started(model, UNIT, time.time())
        for entry in self._spec.integrations:
            endpoint, interface = entry["endpoint"], entry["interface"]
            role = "requirer" if charm.endpoints[endpoint].role == "provider" else "provider"
            remote = Charm(
                name=f"{endpoint}-provider",
                folder="/none",
                endpoints={"remote": Endpoint(name="remote", interface=interface, role=role)},
            )
            model = _deployed(model, remote, remote.name, ["10.1.1.2"])
            model = operations.integrate(model, f"{APP}:{endpoint}", f"{remote.name}:remote")
        return model

    def serve(self) -> None:
        """Start the servers of the hook tools and of Pebble."""
        _serve("/agent.socket", self._answer_tool)
        _serve(f"/charm/containers/{self._spec.container}/pebble.socket", self._relay)
        self.restart_container()

    def restart_container(self) -> None:
        """Start the workload container again, with only its image's files."""
        self.stop()
        for folder in ("/flask", "/pebble", "/tmp/flask"):  # noqa: S108  in the unit's own file system
            shutil.rmtree(folder, ignore_errors=True)
        Path("/flask/app").mkdir(parents=True)
        Path("/flask/app/app.py").write_text(self._spec.application)
        Path("/pebble/layers").mkdir(parents=True)
        command = "/bin/python3 -m gunicorn -c /flask/gunicorn.conf.py 'app:app' -k [ sync ]"
        service = {"override": "replace", "startup": "enabled", "command": command, "working-dir": "/flask/app"}
        Path("/pebble/layers/001-image.yaml").write_text(json.dumps({"services": {"flask": service}}))
        environment = {"PATH": "/bin:/usr/bin", "PEBBLE": "/pebble"}
        command = [sys.executable, "-m", "paas_local.pebble", "run", "--socket", "/pebble/socket", "--hold"]
        self._pebble = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        _wait_for("/pebble/socket")
        self._model = pod_changes.pebble_started(self._model, UNIT, self._spec.container)

    def stop(self) -> None:
        """Stop Pebble and the workload."""
        if self._pebble is not None:
            self._pebble.send_signal(signal.SIGTERM)
            self._pebble.wait()
            self._pebble = None

    def settle(self) -> list[dict[str, Any]]:
        """Run all events that are due, on all units; return the measurements of this unit's."""
        results: list[dict[str, Any]] = []
        progress = True
        while progress:
            progress = False
            while event := next_hook.next_event(self._model, UNIT, time.time()):
                progress = True
                results.append(self.run(event))
            for unit in self._model.units:
                while unit.name != UNIT and (event := next_hook.next_event(self._model, unit.name, time.time())):
                    progress = True
                    self._run_remote(unit.name, event)
        return results

    def skip(self) -> None:
        """Handle all events that are due, on all units, without the charm."""
        due = True
        while due:
            due = False
            for unit in self._model.units:
                while event := next_hook.next_event(self._model, unit.name, time.time()):
                    due = True
                    self._run_remote(unit.name, event)

    def _run_remote(self, unit: str, event: events.Event) -> None:
        """Let another unit handle an event: a provider writes its databags when it sees our unit."""
        self._model = hook_commit.begin(self._model, unit, event, time.time())
        writes = PendingWrites()
        if isinstance(event, events.Related) and event.change == "joined" and not unit.startswith(f"{APP}/"):
            entry = next(each for each in self._spec.integrations if f"{each['endpoint']}-provider" in unit)
            application = unit.partition("/")[0]
            databags = {
                (event.relation, application): entry.get("app", {}),
                (event.relation, unit): entry.get("unit", {}),
            }
            writes = PendingWrites(databags=databags)
        context = HookContext(unit=unit, event=event, snapshot=self._model, writes=writes)
        self._model = hook_commit.commit(self._model, context, time.time())

    def run(self, event: events.Event, *, modules: bool = False) -> dict[str, Any]:
        """Dispatch an event to the charm; return the measurements."""
        self._number += 1
        self._tools.clear()
        self._requests.clear()
        self._model = hook_commit.begin(self._model, UNIT, event, time.time())
        self._context = HookContext(unit=UNIT, event=event, snapshot=self._model)
        charm = self._spec.charm
        environment = {
            **dispatch.environment(self._model, UNIT, event, f"context-{self._number}"),
            "CHARM_DIR": charm,
            "JUJU_CHARM_DIR": charm,
            "JUJU_AGENT_SOCKET_ADDRESS": "/agent.socket",
            "PATH": "/tools:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": f"{charm}/lib",
        }
        with Path(self._spec.root, "stderr").open("wb+") as errors:
            began = time.perf_counter()
            process = subprocess.Popen(
                [self._spec.python, *(["-c", MODULES] if modules else []), f"{charm}/src/charm.py"],
                cwd=charm,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            errors.seek(0)
            text = errors.read().decode(errors="replace")
        if process.returncode:
            sys.exit(f"{events.hook(event)} failed: {text[-2000:]}{self._error}")
        self._model = hook_commit.commit(self._model, self._context, time.time())
        self._context = None
        unit = self._model.unit(UNIT)
        assert unit
        return {
            "event": events.hook(event),
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            "peak": usage.ru_maxrss / 1024,
            "tools": dict(self._tools),
            "requests": dict(self._requests),
            "status": f"{unit.workload.current}: {unit.workload.message}",
            "modules": text.rpartition("modules: ")[2].split() if modules else [],
        }

    def command(self, words: list[str]) -> Any:
        """Carry out one command."""
        result: Any = None
        match words:
            case ["settle"]:
                result = self.settle()
            case ["skip"]:
                self.skip()
            case ["restart-container"]:
                self.restart_container()
            case ["configure", option, value]:
                self._model = operations.configure(self._model, APP, {option: value})
            case ["pad", endpoint, size]:
                self._pad(endpoint, int(size))
            case [("run" | "modules") as what, "relation-changed", endpoint, *unit]:
                result = self.run(self._changed(endpoint, *unit), modules=what == "modules")
            case [("run" | "modules") as what, ("update-status" | "config-changed" | "upgrade-charm") as step]:
                result = self.run(events.Lifecycle(step=step), modules=what == "modules")
            case _:
                raise ValueError(words)
        return result

    def _relation(self, endpoint: str) -> Any:
        return next(
            each for each in self._model.relations_of(APP) if (end := each.local(APP)) and end.endpoint == endpoint
        )

    def _changed(self, endpoint: str, unit: str = "") -> events.Related:
        """Return the event of a remote databag; of the application's without a unit."""
        relation = self._relation(endpoint)
        application = relation.remote(APP).application
        return events.Related(
            relation=relation.id, endpoint=endpoint, change="changed", application=application, unit=unit
        )

    def _pad(self, endpoint: str, size: int) -> None:
        """Add a key of some size to a remote databag."""
        relation = self._relation(endpoint)
        application = relation.remote(APP).application
        data = {**relation.applications[application].data, "padding": "x" * size}
        applications = {**relation.applications, application: Databag(data=data, version=99)}
        changed = dataclasses.replace(relation, applications=applications)
        self._model = dataclasses.replace(self._model, relations={**self._model.relations, relation.id: changed})

    def _answer_tool(self, connection: socket.socket) -> None:
        data = b"".join(iter(lambda: connection.recv(65536), b""))
        _, tool, stdin, count, *words = hook_tool.unpack(data)
        arguments, files = words[: int(count)], words[int(count) :]
        request = hook_tools.Request(
            tool=tool,
            arguments=arguments,
            stdin=stdin,
            files=dict(zip(files[::2], files[1::2], strict=True)),
        )
        assert self._context
        self._tools[tool] += 1
        context = hook_tools.ToolContext(hook=self._context, model=self._model, now=time.time(), fresh_id=fresh_id())
        reply = hook_tools.answer(context, request)
        self._error = "".join(text for level, text in reply.log if level == "ERROR") or self._error
        self._context = dataclasses.replace(self._context, writes=reply.writes)
        self._model = reply.model
        connection.sendall(hook_tool.pack([reply.stdout, reply.stderr, str(reply.code)]))

    def _relay(self, connection: socket.socket) -> None:
        """Pass one connection on to Pebble; ops opens one for each request."""
        first = connection.recv(65536)
        if not first:
            return
        method, path, _ = first.split(b"\r\n", 1)[0].decode().split(" ")
        self._requests[f"{method} {path.partition('?')[0]}"] += 1
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as pebble:
            pebble.connect("/pebble/socket")
            pebble.sendall(first)
            back = threading.Thread(target=_pump, args=(pebble, connection), daemon=True)
            back.start()
            _pump(connection, pebble)
            back.join()


def _deployed(model: Model, charm: Charm, name: str, addresses: list[str]) -> Model:
    request = operations.Request(
        charm=charm, application=name, resources=dict.fromkeys(charm.images, "/none"), config={}
    )
    model = operations.deploy(model, request, addresses, time.time())
    for unit in model.applications[name].units:
        if unit != UNIT:
            model = pod_changes.pod_started(model, unit, time.time())
    return model


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def _serve(path: str, handle: Any) -> None:
    """Answer each connection of a Unix socket in a thread of its own."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(64)

    def answer(connection: socket.socket) -> None:
        with connection:
            handle(connection)

    def accept() -> None:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def _wait_for(path: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers(path):
        if time.monotonic() > deadline:
            sys.exit(f"{path} does not answer")
        time.sleep(0.05)


def _answers(path: str) -> bool:
    try:
        ops.pebble.Client(path).get_system_info()
    except ops.pebble.Error:
        return False
    return True


def enter(spec: Spec) -> None:
    """Enter new namespaces whose root has the host's folders, and those of a charm's and a workload's container."""
    uid, gid = os.getuid(), os.getgid()
    namespaces.unshare(namespaces.NEWUSER | namespaces.NEWNS | namespaces.NEWNET)
    namespaces.map_user((0, 0), (uid, gid))
    with netif.control_socket() as link:
        netif.bring_up(link, "lo")
    namespaces.mount("none", "/", flags=namespaces.REC | namespaces.PRIVATE)
    root = Path(spec.root)
    _show(Path("/"), root, without={"bin", "tmp"})
    _show(Path("/tmp"), root / "tmp", without={"flask"})  # noqa: S108  the charm's notes are in /tmp/flask
    (root / "bin").mkdir()
    for program in ("sh", "bash"):
        (root / "bin" / program).symlink_to(f"/usr/bin/{program}")
    _script(root / "bin/python3", f'#!/bin/sh\nPYTHONPATH={spec.workload_path} exec {spec.workload_python} "$@"\n')
    for name, text in (("passwd", ACCOUNTS), ("group", GROUPS)):
        (root / name).write_text(text)
        namespaces.mount(str(root / name), str(root / "etc" / name), flags=namespaces.BIND)
    tools = root / "tools"
    tools.mkdir()
    _script(tools / "jujuc", containers.hook_tool_program())
    for name in hook_tools.NAMES:
        (tools / name).symlink_to("jujuc")
    os.chroot(root)
    os.chdir("/")


def _show(folder: Path, target: Path, *, without: set[str]) -> None:
    """Show the folders of a folder at another place, except some."""
    target.mkdir(exist_ok=True)
    for entry in sorted(folder.iterdir()):
        inside = target / entry.name
        if entry.name in without:
            continue
        if entry.is_symlink():
            inside.symlink_to(entry.readlink())
        elif entry.is_dir():
            inside.mkdir()
            namespaces.mount(str(entry), str(inside), flags=namespaces.BIND | namespaces.REC)


def _script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def main() -> None:
    """Answer each line of the input, a JSON list of words, with a line of JSON."""
    namespaces.die_with_parent()
    spec = Spec(**json.loads(Path(sys.argv[1]).read_text()))
    enter(spec)
    unit = MeasuredUnit(spec)
    unit.serve()
    try:
        for line in sys.stdin:
            print(json.dumps(unit.command(json.loads(line))), flush=True)  # noqa: T201  the answer
    finally:
        unit.stop()


if __name__ == "__main__":
    main()
