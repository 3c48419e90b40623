"""What the daemon is made of, and how it begins and ends."""

import asyncio
import os
import signal
import socket
import stat
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from paas_local.pebble.api import requests
from paas_local.pebble.api.identities import Identities
from paas_local.pebble.plan import command, layers, plan
from paas_local.pebble.plan.plan import Layer, Plan, PlanError
from paas_local.pebble.services import actions
from paas_local.pebble.services.changes import Change, Changes
from paas_local.pebble.services.checks import Checks
from paas_local.pebble.services.log_forwarding import Forwarding
from paas_local.pebble.services.logs import Logs
from paas_local.pebble.services.notices import Notices
from paas_local.pebble.services.processes import Processes
from paas_local.pebble.services.services import Services

if TYPE_CHECKING:
    from paas_local.pebble.services.execs import Execution

_LONGEST_SOCKET_PATH = 107
_LAST_ANSWERS = 0.2


class CannotRunError(Exception):
    """The daemon does not start; the message is for whoever started it."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the daemon was asked to run."""

    socket: Path
    layers: Path
    hold: bool = False
    http: str = ""
    arguments: Mapping[str, tuple[str, ...]]


class Daemon:
    """All parts, and the plan that they share."""

    def __init__(self, options: Options) -> None:
        self.options: Options = options
        self.boot_id: str = _boot_id()
        self.layers: tuple[Layer, ...] = ()
        self.plan: Plan = Plan()
        self.processes: Processes = Processes()
        self.logs: Logs = Logs()
        self.notices: Notices = Notices()
        self.identities: Identities = Identities()
        self.changes: Changes = Changes(self._record)
        self.services: Services = Services(
            plan=lambda: self.plan, processes=self.processes, logs=self.logs, shut_down=self.shut_down
        )
        self.checks: Checks = Checks(
            changes=self.changes,
            notices=self.notices,
            processes=self.processes,
            on_down=self.services.check_failed,
        )
        self.forwarding: Forwarding = Forwarding(self.logs)
        self.executions: dict[str, Execution] = {}
        self._ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def _record(self, change: Change) -> None:
        self.notices.add(None, "change-update", change.id, change.notice)

    def shut_down(self, code: int) -> None:
        """Begin to end; the first reason decides the exit code."""
        if not self._ending.done():
            self._ending.set_result(code)

    def load(self) -> None:
        """Read the layer files and the arguments given for services."""
        try:
            found = layers.read(self.options.layers)
            combined = plan.validate(plan.combine(found))
            for name, words in self.options.arguments.items():
                found = (*found, _given(combined, name, words))
            self._adopt(found, plan.validate(plan.combine(found)))
        except PlanError as error:
            raise CannotRunError(f"cannot load plan: {error}") from None

    def add_layer(self, layer: Layer, *, merge: bool, inner: bool) -> None:
        """Add a layer, unless the plan would not be good with it."""
        found = plan.add(self.layers, layer, merge=merge, inner=inner)
        self._adopt(found, plan.validate(plan.combine(found)))

    def _adopt(self, found: tuple[Layer, ...], combined: Plan) -> None:
        self.layers, self.plan = found, combined
        self.checks.plan_changed(combined)
        self.forwarding.plan_changed(combined)

    async def run(self, handle: requests.Handler) -> int:
        """Serve until told to end; the answer is the exit code."""
        loop = asyncio.get_running_loop()
        self.processes.watch(loop)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.shut_down, 0)
        self.load()
        listener = _listen(self.options.socket)
        runner = web.ServerRunner(
            web.Server(handle, access_log=None),  # pyright: ignore[reportArgumentType]  a function will do
            handle_signals=False,
            shutdown_timeout=_LAST_ANSWERS,
        )
        await runner.setup()
        await web.SockSite(runner, listener).start()
        if self.options.http:
            host, _, port = self.options.http.rpartition(":")
            await web.TCPSite(runner, host or None, int(port)).start()
        sys.stderr.write(f"pebble of paas-local listens on {self.options.socket}\n")
        if not self.options.hold and any(service.enabled for service in self.plan.services.values()):
            actions.run(self.changes, self.services, "autostart", [])
        code = await self._ending
        await self._stop()
        await runner.cleanup()
        self.options.socket.unlink(missing_ok=True)
        return code

    async def _stop(self) -> None:
        self.checks.stop_all()
        if self.services.up:
            await actions.stop_all(self.changes, self.services).ready.wait()
        for execution in self.executions.values():
            execution.kill()
        await self.forwarding.close()


def _boot_id() -> str:
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else str(uuid.uuid4())


def _given(combined: Plan, name: str, words: tuple[str, ...]) -> Layer:
    service = combined.services.get(name)
    if service is None:
        raise PlanError(f'service "{name}" does not exist')
    return Layer(
        label="pebble-service-args",
        services={name: plan.Service(override="merge", command=command.with_arguments(service.command, words))},
    )


def _listen(path: Path) -> socket.socket:
    """Take the socket over from a daemon that is gone, never from one that lives."""
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise CannotRunError(f'socket path "{path}" is longer than {_LONGEST_SOCKET_PATH} bytes')
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(os.fspath(path)) == 0:
                raise CannotRunError(f'socket "{path}" already in use')
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(os.fspath(path))
    except OSError as error:
        listener.close()
        raise CannotRunError(f'cannot listen on "{path}": {error.strerror}') from None
    path.chmod(0o666)
    return listener
