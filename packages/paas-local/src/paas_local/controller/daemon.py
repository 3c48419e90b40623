"""The background process: holds the models, keeps every change, and lets one agent per unit run its hooks.

It runs as ``python -m paas_local.controller.daemon`` in namespaces of its own (pods/host_gateway.py), where it
may start pods.
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
from collections.abc import AsyncGenerator, Callable, Collection
from pathlib import Path
from typing import Protocol

from aiohttp import web

from paas_local import folders
from paas_local.controller import api, etc_hosts, pod_spec, published_ports, unit_agent, waiting
from paas_local.controller.hook_tool_server import listening
from paas_local.controller.pod_spec import Folders
from paas_local.controller.storage import Line, State
from paas_local.juju import operations
from paas_local.juju.errors import Refused
from paas_local.juju.model import Model
from paas_local.pods import containers
from paas_local.pods.bridge import Network, NetworkError

SUBNET = ipaddress.ip_network("10.152.0.0/16")
# the first address is the bridge
RESERVED = 1
GRACE = 30.0
AGAIN = 5.0


class Machine(Protocol):
    """What the daemon needs of the machine: pods with addresses, and ports of its own."""

    async def start_pod(self, spec: containers.PodSpec) -> unit_agent.Pod:
        """Start a pod that has its address."""
        ...

    async def publish(self, address: str, port: int) -> int:
        """Make a pod's port reachable on the machine; answers the number it has there."""
        ...

    async def unpublish(self, port: int) -> None:
        """Take a published port back."""
        ...

    async def close(self) -> None:
        """End the network."""
        ...


class Daemon:
    """All models, and everything that runs for them."""

    def __init__(self, home: Path, machine: Machine) -> None:
        self.state = State(home / "state.db")
        self.news = asyncio.Event()
        self.lines = asyncio.Event()
        self._home = home
        self._machine = machine
        self._models = self.state.models()
        self._agents: dict[tuple[str, str], asyncio.Task[None]] = {}
        # where each port is published, or why it is not
        self._ports: dict[published_ports.Port, int | str] = {}
        self._hosts: dict[str, str] = {}
        self._publisher: asyncio.Task[None] | None = None
        self._closing = False

    async def open(self) -> None:
        """Go on with the models that were there before."""
        self.state.prune()
        self._publisher = asyncio.create_task(self._publish())
        for name in self._models:
            self._follow(name)

    async def close(self) -> None:
        """End all pods and their network; the models stay as they are."""
        self._closing = True
        await self._end([*self._agents.values()])
        if self._publisher is not None:
            await self._end([self._publisher])
        await self._machine.close()

    @property
    def names(self) -> list[str]:
        """Name the models."""
        return sorted(self._models)

    def model(self, name: str) -> Model:
        """Give a model as it is now."""
        if name not in self._models:
            raise Refused(f"model local:admin/{name} not found")
        return self._models[name]

    def change(self, name: str, change: Callable[[Model], Model]) -> Model:
        """Change a model: kept first, then everybody hears of it."""
        before = self.model(name)
        model = change(before)
        if model != before:
            self.state.save(model)
            self._models[name] = model
            self._follow(name)
        return model

    def log(self, name: str, line: Line) -> None:
        """Keep a line of a model's log."""
        self.state.append(name, line)
        self.lines.set()
        self.lines = asyncio.Event()

    def folders(self, name: str) -> Folders:
        """Say where a model's things lie."""
        return Folders(root=self._home / "models" / name)

    async def start_pod(self, spec: containers.PodSpec) -> unit_agent.Pod:
        """Start a pod with its address."""
        return await self._machine.start_pod(spec)

    def add(self, name: str) -> Model:
        """Begin a model."""
        if name in self._models:
            raise Refused(f'failed to create new model: model "{name}" for admin already exists (already exists)')
        model = operations.add_model(name, str(uuid.uuid4()), time.time())
        self.folders(name).root.mkdir(parents=True, exist_ok=True)
        self.state.save(model)
        self._models[name] = model
        self._follow(name)
        return model

    async def destroy(self, name: str) -> None:
        """Let a model go: in order as long as that gets on, then by force."""
        self.change(name, operations.destroy)
        deadline = time.monotonic() + GRACE
        while name in self._models and self._models[name].applications and not self._stuck(name):
            left = deadline - time.monotonic()
            if left <= 0:
                break
            await waiting.until(self.news, left)
        await self._end([task for (model, _), task in self._agents.items() if model == name])
        if self._models.pop(name, None) is None:
            return
        self.state.remove(name)
        self._hosts.pop(name, None)
        shutil.rmtree(self.folders(name).root, ignore_errors=True)
        self._tell()
        self.lines.set()

    async def force_out(self, name: str, applications: Collection[str]) -> None:
        """Take the units of applications out, whatever they are doing."""
        units = [unit for unit in self.model(name).units if unit.application in applications]
        await self._end([self._agents[name, unit.name] for unit in units if (name, unit.name) in self._agents])
        self.change(name, lambda model: operations.force_out(model, applications))
        for unit in units:
            pod_spec.clear(self.folders(name), unit)

    async def renew(self, name: str, application: str) -> None:
        """Give the units of an application new pods."""
        units = {unit.name for unit in self.model(name).units if unit.application == application}
        await self._end([task for (model, unit), task in self._agents.items() if model == name and unit in units])
        self._follow(name)

    def addresses(self, count: int) -> list[str]:
        """Find addresses that no unit has."""
        taken = {unit.address for model in self._models.values() for unit in model.units}
        free = (str(address) for address in itertools.islice(SUBNET.hosts(), RESERVED, None))
        return list(itertools.islice((address for address in free if address not in taken), count))

    def urls(self, name: str) -> dict[str, list[str]]:
        """Say where the applications of a model are reached on this machine."""
        found: dict[str, list[str]] = {}
        for port, number in sorted(self._ports.items(), key=lambda item: item[0].number):
            if port.model == name and isinstance(number, int):
                found.setdefault(port.application, []).append(port.url(number))
        return found

    def unreachable(self, name: str) -> dict[str, str]:
        """Say why applications of a model that have a port are not reached on this machine, and what to do."""
        return {
            port.application: f"{why}; free one of them, it is tried again every few seconds"
            for port, why in self._ports.items()
            if port.model == name and isinstance(why, str)
        }

    def _stuck(self, name: str) -> bool:
        units = self._models[name].units
        return bool(units) and all(unit.failure and not unit.running for unit in units)

    def _follow(self, name: str) -> None:
        model = self._models[name]
        text = etc_hosts.text(model)
        if self._hosts.get(name) != text:
            self._hosts[name] = text
            _rewrite(self.folders(name).hosts, text)
        for unit in model.units:
            self._tend(name, unit.name)
        self._tell()

    def _tell(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    def _tend(self, model: str, unit: str) -> None:
        key = (model, unit)
        if key not in self._agents and not self._closing:
            task = asyncio.create_task(unit_agent.Agent(self, model, unit).live())
            self._agents[key] = task
            task.add_done_callback(lambda _: self._agent_ended(key))

    def _agent_ended(self, key: tuple[str, str]) -> None:
        task = self._agents.pop(key)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            traceback.print_exception(type(error), error, error.__traceback__)
        model, unit = key
        # after a defect of ours the unit gets another agent, but not at once
        if not task.cancelled():
            pause = 0 if error is None else AGAIN
            asyncio.get_running_loop().call_later(pause, self._tend_again, model, unit)

    def _tend_again(self, model: str, unit: str) -> None:
        if model in self._models and self._models[model].unit(unit):
            self._tend(model, unit)

    async def _publish(self) -> None:
        while True:
            news = self.news
            wanted = {port for model in self._models.values() for port in published_ports.wanted(model)}
            for port in [port for port in self._ports if port not in wanted]:
                number = self._ports.pop(port)
                if isinstance(number, int):
                    await self._machine.unpublish(number)
            due = [port for port in wanted if not isinstance(self._ports.get(port), int)]
            for port in sorted(due, key=lambda port: (port.model, port.application)):
                self._ports[port] = await self._published(port)
            # somebody else's program may give a port back without a word
            patience = AGAIN if any(isinstance(each, str) for each in self._ports.values()) else None
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(news.wait(), patience)

    async def _published(self, port: published_ports.Port) -> int | str:
        try:
            return await self._machine.publish(port.address, port.number)
        except NetworkError as error:
            if self._ports.get(port) != str(error):
                line = Line(
                    time=time.time(),
                    entity=f"application-{port.application}",
                    level="ERROR",
                    module="paas-local.ports",
                    message=str(error),
                )
                self.log(port.model, line)
            return str(error)

    async def _end(self, running: list[asyncio.Task[None]]) -> None:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


class Here:
    """The machine: pods in namespaces, their network, and the ports of the process outside."""

    def __init__(self, network: Network, pebble: Path | None) -> None:
        self._network = network
        self._pebble = pebble

    async def start_pod(self, spec: containers.PodSpec) -> containers.Pod:
        """Start a pod that has its address."""
        pod = await containers.Pod.start(spec, pebble=self._pebble)
        attached = False
        try:
            await self._network.attach(pod.pid, spec.address)
            attached = True
        except NetworkError as error:
            raise containers.PodError(str(error)) from error
        finally:
            if not attached:
                await pod.stop()
        return pod

    async def publish(self, address: str, port: int) -> int:
        """Make a pod's port reachable on the machine."""
        return await self._network.publish(address, port)

    async def unpublish(self, port: int) -> None:
        """Take a published port back."""
        await self._network.unpublish(port)

    async def close(self) -> None:
        """End the network."""
        await self._network.close()


@contextlib.asynccontextmanager
async def serving(daemon: Daemon, listener: socket.socket, pebble: str) -> AsyncGenerator[asyncio.Event]:
    """Answer requests; the event is set by whoever asks for the end."""
    stop = asyncio.Event()
    runner = web.AppRunner(api.application(daemon, stop, pebble), shutdown_timeout=1.0, access_log=None)
    await daemon.open()
    try:
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield stop
    finally:
        await daemon.close()
        await runner.cleanup()
        daemon.state.close()


async def run(home: Path, pebble: Path | None) -> None:
    """Be the daemon until someone asks for the end."""
    network = Network()
    await network.open()
    loop = asyncio.get_running_loop()
    daemon = Daemon(home, Here(network, pebble))
    listener = listening(home / folders.SOCKET)
    # whoever finds nobody listening may start the next process: so this one listens until it is really gone
    os.dup(listener.fileno())
    async with serving(daemon, listener, str(pebble or "embedded")) as stop:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await stop.wait()


def main(argv: list[str] | None = None) -> int:
    """Read the arguments and be the daemon."""
    parser = argparse.ArgumentParser(prog="paas_local.controller.daemon")
    parser.add_argument("--pebble", type=Path, help="a real pebble to use instead of the embedded one")
    arguments = parser.parse_args(argv)
    asyncio.run(run(folders.home(), arguments.pebble))
    return 0


def _rewrite(file: Path, text: str) -> None:
    # the pods have this very file mounted: it must stay the same inode
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("r+" if file.exists() else "w") as opened:
        opened.write(text)
        opened.truncate()


if __name__ == "__main__":
    sys.exit(main())
