"""What one look at the health of something finds.

Each kind of check has its own way to look, and words for what is wrong.
"""

import asyncio
import contextlib
import os
import signal
import socket

import aiohttp

from paas_local.pebble.plan import command, users
from paas_local.pebble.plan.plan import Check, ExecCheck, HttpCheck, Service, TcpCheck
from paas_local.pebble.services import pipes
from paas_local.pebble.services.processes import Context, Processes, StartError, find, reason

_USER_AGENT = "Go-http-client/1.1"
_BODY_SIZE = 512
_LINES = 5
_LAST_PORT = 65535
_GOOD = range(200, 300)


class UnhealthyError(Exception):
    """The look failed; the message says how."""


async def look(check: Check, service: Service, processes: Processes) -> None:
    """Look once; the service is the one whose context an exec check runs in."""
    try:
        await asyncio.wait_for(_look(check, service, processes), check.patience.seconds)
    except asyncio.TimeoutError:
        raise UnhealthyError(f"check timed out after {check.patience}") from None


async def _look(check: Check, service: Service, processes: Processes) -> None:
    if check.http is not None:
        await _request(check.http)
    elif check.tcp is not None:
        await _connect(check.tcp)
    elif check.exec is not None:
        await _execute(check.exec, service, processes)


async def _request(check: HttpCheck) -> None:
    headers = {"User-Agent": _USER_AGENT, **(check.headers or {})}
    try:
        async with aiohttp.ClientSession() as session, session.get(check.url, headers=headers) as answer:
            if answer.status in _GOOD:
                return
            body = await answer.content.read(_BODY_SIZE)
    except aiohttp.ClientConnectorError as error:
        where = f"dial tcp {_address(error.host, error.port)}: connect: {reason(error.os_error)}"
        raise UnhealthyError(f'Get "{check.url}": {where}') from None
    except (aiohttp.ClientError, ValueError) as error:
        raise UnhealthyError(f'Get "{check.url}": {error}') from None
    lines = body.decode(errors="replace").rstrip("\n").split("\n")
    shown = "\n".join([*lines[:_LINES], *(["(...)"] if len(lines) > _LINES else [])])
    raise UnhealthyError(f"non-2xx status code {answer.status}" + (f"; {shown}" if shown else ""))


def _address(host: str, port: int | None) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _connect(check: TcpCheck) -> None:
    host, port = check.host or "localhost", check.port or 0
    if port not in range(_LAST_PORT + 1):
        raise UnhealthyError(f"dial tcp: address {port}: invalid port")
    loop = asyncio.get_running_loop()
    try:
        addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise UnhealthyError(f"dial tcp: lookup {host}: no such host") from None
    problem = ""
    for family, kind, protocol, _, address in addresses:
        with socket.socket(family, kind, protocol) as connection:
            connection.setblocking(False)
            try:
                await loop.sock_connect(connection, address)
            except OSError as error:
                problem = f"dial tcp {_address(str(address[0]), port)}: connect: {reason(error)}"
            else:
                return
    raise UnhealthyError(problem)


async def _execute(check: ExecCheck, service: Service, processes: Processes) -> None:
    words = command.split(check.command)
    program = find(words[0])
    if program is None:
        raise UnhealthyError(f'exec: "{words[0]}": executable file not found in $PATH')
    chunks: list[bytes] = []
    outlet = pipes.Outlet(chunks.append)
    try:
        process = processes.start(program, words, _context(check, service), stdout=outlet.inlet)
    except (StartError, users.UnknownUserError) as error:
        raise UnhealthyError(str(error)) from None
    finally:
        outlet.close_inlet()
        reading = asyncio.ensure_future(outlet.pump())
    try:
        code = await process.exited
        outlet.drain()
    finally:
        process.signal_group(signal.SIGKILL)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
    if code:
        output = b"".join(chunks).decode(errors="replace").rstrip("\n")
        lines = output.split("\n")
        shown = "\n".join([*(["(...)"] if len(lines) > _LINES else []), *lines[-_LINES:]])
        raise UnhealthyError(f"exit status {code}" + (f"; {shown}" if output else ""))


def _context(check: ExecCheck, service: Service) -> Context:
    user = users.find(check.runs_as.or_else(service.runs_as))
    home = {"HOME": user.home, "USER": user.name} if user and user.name else {}
    return Context(
        environment={**os.environ, **home, **(service.environment or {}), **(check.environment or {})},
        folder=check.working_dir or service.working_dir or None,
        user=user,
    )
