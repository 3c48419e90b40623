"""The daemon: a socket with the API on it, from start to exit."""

import asyncio
import os
import signal
import socket
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from paas_local.pebble.api import routes
from paas_local.pebble.api.identities import Identities
from paas_local.pebble.api.requests import Handler
from paas_local.pebble.plan.plan import PlanError
from paas_local.pebble.services.overlord import Overlord
from paas_local.pebble.services.state_file import StateFile

_LONGEST_SOCKET_PATH = 107
_SHUTDOWN_SECONDS = 0.2


class CannotRunError(Exception):
    """The daemon cannot start; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """The command line of the daemon."""

    socket: Path
    layers: Path
    state: Path | None = None
    """File of the state that the next daemon takes over; None to keep none."""
    hold: bool = False
    """Start no services."""
    http: str = ""
    """``HOST:PORT`` that answers open requests over TCP too; empty for none."""
    arguments: Mapping[str, tuple[str, ...]]
    """Service name to the arguments that replace the default ones of its command."""


async def run(options: Options) -> int:
    """Serve until a signal, a service or a check ends it; return the exit code."""
    loop = asyncio.get_running_loop()
    exit_code: asyncio.Future[int] = loop.create_future()

    def shut_down(code: int) -> None:
        if not exit_code.done():  # the first reason decides
            exit_code.set_result(code)

    state = StateFile(options.state)
    overlord, identities = Overlord(shut_down, state.changed), Identities(state.changed)
    try:
        state.load({"changes": overlord.changes, "notices": overlord.notices, "identities": identities})
    except (KeyError, ValueError) as error:
        raise CannotRunError(f"cannot read {options.state}: {error}") from None
    overlord.processes.watch(loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, shut_down, 0)
    try:
        overlord.load(options.layers, options.arguments)
    except PlanError as error:
        raise CannotRunError(f"cannot load plan: {error}") from None
    runner = await _serve(routes.handler(overlord, identities, options.http), options)
    if not options.hold:
        overlord.autostart()
    code = await exit_code
    await overlord.stop()
    state.write()
    await runner.cleanup()
    options.socket.unlink(missing_ok=True)
    return code


async def _serve(handler: Handler, options: Options) -> web.ServerRunner:
    listener = _listen(options.socket)
    runner = web.ServerRunner(
        web.Server(handler, access_log=None),  # pyright: ignore[reportArgumentType]  a function will do
        handle_signals=False,
        shutdown_timeout=_SHUTDOWN_SECONDS,
    )
    await runner.setup()
    await web.SockSite(runner, listener).start()
    if options.http:
        host, _, port = options.http.rpartition(":")
        await web.TCPSite(runner, host or None, int(port)).start()
    sys.stderr.write(f"pebble of paas-local listens on {options.socket}\n")
    return runner


def _listen(path: Path) -> socket.socket:
    """Bind the socket; one that is left over is replaced, one in use is not."""
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
