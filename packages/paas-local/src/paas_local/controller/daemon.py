"""The background process: it keeps the models, stores every change, and runs one agent per unit.

It runs as ``python -m paas_local.controller.daemon`` in the namespaces of the launcher (``pods/host_gateway.py``), the
process that starts the containers. The containers outlive the controller, and the next one takes them over.
"""

import argparse
import asyncio
import contextlib
import ipaddress
import itertools
import os
import shutil
import signal
import socket
import sys
import time
import traceback
import uuid
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping
from pathlib import Path

from aiohttp import web

from paas_local import folders
from paas_local.controller import etc_hosts, http_api, pod_spec, unit_agent, waiting
from paas_local.controller.hook_queue import HookQueue
from paas_local.controller.hook_tool_server import listen
from paas_local.controller.machine import LocalMachine, Machine
from paas_local.controller.pod import Pod
from paas_local.controller.pod_spec import Folders
from paas_local.controller.published_ports import Port, Publisher
from paas_local.controller.storage import Line, State
from paas_local.juju import cross_model, operations
from paas_local.juju.cross_model import Models
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model
from paas_local.pods import containers
from paas_local.pods.bridge import Network
from paas_local.pods.launcher import Launcher

_SUBNET = ipaddress.ip_network("10.152.0.0/16")
_BRIDGE_ADDRESSES = 1
_DESTROY_PATIENCE = 30.0
_RESTART_PAUSE = 5.0


class Daemon:
    """All models, and everything that runs for them."""

    def __init__(self, home: Path, machine: Machine, pebble: str = "embedded") -> None:
        self.state = State(home / "state.db")
        self.changed = asyncio.Event()
        self.logged = asyncio.Event()
        self.stop = asyncio.Event()
        self.hooks = HookQueue()
        self.pebble = pebble
        self._home = home
        self._machine = machine
        self._models = self.state.models()
        self._agents: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._pods: dict[tuple[str, str], Pod] = {}
        self._hosts: dict[str, str] = {}
        self._publisher = Publisher(machine, self.state, self._log_port_error)
        self._publishing: asyncio.Task[None] | None = None
        self._closing = False
        self._destroying: set[str] = set()

    async def open(self) -> None:
        """Start the agents of the stored models; pods of units that are gone end."""
        self.state.prune()
        await self._machine.kill_other_pods(
            {self.folders(name).pod(unit.name) for name, model in self._models.items() for unit in model.units}
        )
        self.change_models(lambda models: models)
        self._publishing = asyncio.create_task(self._publisher.run(self._models.values, lambda: self.changed))
        for name in self._models:
            self._after_change(name)

    async def close(self) -> None:
        """Stop all pods and their network; the stored models stay as they are."""
        self._closing = True
        await _cancel(self._agents.values())
        if self._publishing is not None:
            await _cancel([self._publishing])
        await self._machine.close()

    @property
    def names(self) -> list[str]:
        """Return the names of the models."""
        return sorted(self._models)

    @property
    def models(self) -> Models:
        """Return all models."""
        return self._models

    def model(self, name: str) -> Model:
        """Return a model as it is now."""
        if name not in self._models:
            raise JujuError(f"model local:admin/{name} not found")
        return self._models[name]

    def change(self, name: str, change: Callable[[Model], Model]) -> Model:
        """Change a model: store it, then wake everything that waits for a change."""
        before = self.model(name)
        model = change(before)
        if model != before:
            self.change_models(lambda _: {name: model})
        return self._models[name]

    def change_models(self, change: Callable[[Models], Models]) -> None:
        """Change several models as ``change`` and the relations across models say."""
        after = cross_model.settled({**self._models, **change(self._models)})
        changed = [model for name, model in after.items() if model is not self._models.get(name)]
        if not changed:
            return
        self.state.save(changed)
        self._models |= {model.name: model for model in changed}
        for model in changed:
            self._after_change(model.name)

    def log(self, name: str, line: Line) -> None:
        """Append a line to a model's log."""
        self.state.append(name, line)
        self.logged.set()
        self.logged = asyncio.Event()

    def folders(self, name: str) -> Folders:
        """Return the folders of a model."""
        return Folders(root=self._home / "models" / name)

    async def start_pod(self, spec: containers.PodSpec) -> Pod:
        """Start a pod and give it its address."""
        pod = self._pods[spec.model, spec.unit] = await self._machine.start_pod(spec)
        return pod

    async def take_over_pod(self, spec: containers.PodSpec) -> Pod | None:
        """Return the pod of a former controller, if it is usable."""
        pod = await self._machine.take_over_pod(spec)
        if pod is not None:
            self._pods[spec.model, spec.unit] = pod
        return pod

    async def stop_pod(self, pod: Pod) -> None:
        """Stop a pod."""
        del self._pods[pod.spec.model, pod.spec.unit]
        await pod.stop()

    def pod(self, name: str, unit: str) -> Pod:
        """Return a unit's running pod."""
        if (name, unit) not in self._pods:
            raise JujuError(f"the pod of {unit} does not run")
        return self._pods[name, unit]

    def add(self, name: str, config: Mapping[str, str]) -> Model:
        """Add a model with these options."""
        if name in self._models:
            raise JujuError(f'failed to create new model: model "{name}" for admin already exists (already exists)')
        model = operations.configure_model(operations.add_model(name, str(uuid.uuid4()), time.time()), config)
        self.folders(name).root.mkdir(parents=True, exist_ok=True)
        self.change_models(lambda _: {name: model})
        return model

    async def destroy(self, name: str, *, force: bool) -> None:
        """Destroy a model: run its hooks as long as they make progress, then remove the rest by force."""
        self.change(name, operations.destroy)
        deadline = time.monotonic() + (0 if force else _DESTROY_PATIENCE)
        while name in self._models and self._models[name].applications and not self._stuck(name):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            await waiting.until(self.changed, seconds=left)
        # a change of the model from now on starts no agent again
        self._destroying.add(name)
        await _cancel([task for (model, _), task in self._agents.items() if model == name])
        self._destroying.discard(name)
        if self._models.pop(name, None) is None:
            return
        self.state.remove(name)
        self._hosts.pop(name, None)
        shutil.rmtree(self.folders(name).root, ignore_errors=True)
        self.change_models(lambda models: models)
        self._wake()
        self.logged.set()

    async def remove_units_by_force(self, name: str, applications: Collection[str]) -> None:
        """Remove the units of applications without running their hooks."""
        units = [unit for unit in self.model(name).units if unit.application in applications]
        await _cancel([self._agents[name, unit.name] for unit in units if (name, unit.name) in self._agents])
        self.change(name, lambda model: operations.remove_units_by_force(model, applications))
        for unit in units:
            pod_spec.remove_folders(self.folders(name), unit)

    async def replace_pods(self, name: str, application: str) -> None:
        """Replace the pods of an application's units."""
        units = {unit.name for unit in self.model(name).units if unit.application == application}
        await _cancel([task for (model, unit), task in self._agents.items() if model == name and unit in units])
        self._after_change(name)

    def addresses(self, count: int) -> list[str]:
        """Return addresses that no unit has."""
        taken = {unit.address for model in self._models.values() for unit in model.units}
        addresses = (str(address) for address in itertools.islice(_SUBNET.hosts(), _BRIDGE_ADDRESSES, None))
        return list(itertools.islice((address for address in addresses if address not in taken), count))

    def urls(self, name: str) -> dict[str, dict[str, str]]:
        """Return the URLs of a model's applications on this machine, by their ports."""
        return self._publisher.urls(name)

    def unreachable(self, name: str) -> dict[str, str]:
        """Return the reasons why applications with an open port have no URL."""
        return self._publisher.unreachable(name)

    def _stuck(self, name: str) -> bool:
        units = self._models[name].units
        return bool(units) and all(unit.failure and not unit.running for unit in units)

    def _after_change(self, name: str) -> None:
        model = self._models[name]
        for each in (model, *cross_model.connected(self._models, model)):
            self._write_hosts(each)
        for unit in model.units:
            self._start_agent(name, unit.name)
        self._wake()

    def _write_hosts(self, model: Model) -> None:
        text = etc_hosts.text(model, cross_model.connected(self._models, model))
        if self._hosts.get(model.name) != text:
            self._hosts[model.name] = text
            _rewrite(self.folders(model.name).hosts, text)

    def _wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def _start_agent(self, model: str, unit: str) -> None:
        key = (model, unit)
        if key not in self._agents and not self._closing and model not in self._destroying:
            task = asyncio.create_task(unit_agent.Agent(self, model, unit).run())
            self._agents[key] = task
            task.add_done_callback(lambda _: self._agent_ended(key))

    def _agent_ended(self, key: tuple[str, str]) -> None:
        task = self._agents.pop(key)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            traceback.print_exception(type(error), error, error.__traceback__)
        model, unit = key
        # after a defect in the agent, the unit gets another one, but not at once
        if not task.cancelled():
            pause = 0 if error is None else _RESTART_PAUSE
            asyncio.get_running_loop().call_later(pause, self._restart_agent, model, unit)

    def _restart_agent(self, model: str, unit: str) -> None:
        if model in self._models and self._models[model].unit(unit):
            self._start_agent(model, unit)

    def _log_port_error(self, port: Port, message: str) -> None:
        entity = f"application-{port.application}"
        line = Line(time=time.time(), entity=entity, level="ERROR", module="paas-local.ports", message=message)
        self.log(port.model, line)


@contextlib.asynccontextmanager
async def serving(daemon: Daemon, listener: socket.socket) -> AsyncGenerator[None]:
    """Answer requests for the duration of the block."""
    runner = web.AppRunner(http_api.application(daemon), shutdown_timeout=1.0, access_log=None)
    await daemon.open()
    try:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield
    finally:
        await daemon.close()
        await runner.cleanup()
        daemon.state.close()


async def run(home: Path, pebble: Path | None) -> None:
    """Run the daemon until a signal or a shutdown request."""
    machine = LocalMachine(Network(), Launcher(home / folders.LAUNCHER_SOCKET), pebble)
    await machine.open()
    loop = asyncio.get_running_loop()
    daemon = Daemon(home, machine, str(pebble or "embedded"))
    listener = listen(home / folders.SOCKET)
    # a client that finds no listener may start the next process: this one listens until it has ended
    os.dup(listener.fileno())
    async with serving(daemon, listener):
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, daemon.stop.set)
        await daemon.stop.wait()


def main(argv: list[str] | None = None) -> int:
    """Parse the arguments and run the daemon."""
    parser = argparse.ArgumentParser(prog="paas_local.controller.daemon")
    parser.add_argument("--pebble", type=Path, help="a real pebble to use instead of the embedded one")
    arguments = parser.parse_args(argv)
    asyncio.run(run(folders.home(), arguments.pebble))
    return 0


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    tasks = list(tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _rewrite(file: Path, text: str) -> None:
    # mounted in the pods: it must stay the same inode
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("r+" if file.exists() else "w") as opened:
        opened.write(text)
        opened.truncate()


if __name__ == "__main__":
    sys.exit(main())
