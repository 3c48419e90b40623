"""Checkers: one run of an HTTP, TCP or exec check.

The messages of failures are those of Pebble.
"""

import asyncio
import contextlib
import os
import signal
import socket

import aiohttp

from paas_local.pebble.plan import command, users
from paas_local.pebble.plan.plan import Check, ExecCheck, HttpCheck, Service, TcpCheck, runs_as
from paas_local.pebble.services import pipes
from paas_local.pebble.services.processes import Context, Processes, StartError, find_program, reason

_USER_AGENT = "Go-http-client/1.1"
_MAX_BODY = 512
_MAX_LINES = 5
_LAST_PORT = 65535
_SUCCESS = range(200, 300)


class CheckFailedError(Exception):
    """A run that failed; the message says why."""


async def run(check: Check, service: Service, processes: Processes) -> None:
    """Run a check once, an exec check in the context of the service; raises CheckFailedError."""
    try:
        await asyncio.wait_for(_run(check, service, processes), check.effective_timeout.seconds)
    except asyncio.TimeoutError:
        raise CheckFailedError(f"check timed out after {check.effective_timeout}") from None


async def _run(check: Check, service: Service, processes: Processes) -> None:
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
            if answer.status in _SUCCESS:
                return
            body = await answer.content.read(_MAX_BODY)
    except aiohttp.ClientConnectorError as error:
        dial = f"dial tcp {_address(error.host, error.port)}: connect: {reason(error.os_error)}"
        raise CheckFailedError(f'Get "{check.url}": {dial}') from None
    except (aiohttp.ClientError, ValueError) as error:
        raise CheckFailedError(f'Get "{check.url}": {error}') from None
    lines = body.decode(errors="replace").rstrip("\n").split("\n")
    excerpt = "\n".join([*lines[:_MAX_LINES], *(["(...)"] if len(lines) > _MAX_LINES else [])])
    raise CheckFailedError(f"non-2xx status code {answer.status}" + (f"; {excerpt}" if excerpt else ""))


def _address(host: str, port: int | None) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


async def _connect(check: TcpCheck) -> None:
    host, port = check.host or "localhost", check.port or 0
    if port not in range(_LAST_PORT + 1):
        raise CheckFailedError(f"dial tcp: address {port}: invalid port")
    loop = asyncio.get_running_loop()
    try:
        addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise CheckFailedError(f"dial tcp: lookup {host}: no such host") from None
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
    raise CheckFailedError(problem)


async def _execute(check: ExecCheck, service: Service, processes: Processes) -> None:
    words = command.split(check.command)
    program = find_program(words[0])
    if program is None:
        raise CheckFailedError(f'exec: "{words[0]}": executable file not found in $PATH')
    chunks: list[bytes] = []
    output = pipes.OutputPipe(chunks.append)
    try:
        process = processes.start(program, words, _context(check, service), stdout=output.write_end)
    except (StartError, users.UnknownUserError) as error:
        raise CheckFailedError(str(error)) from None
    finally:
        output.close_write_end()
        reading = asyncio.ensure_future(output.pump())
    try:
        code = await process.exited
        output.drain()
    finally:
        process.signal_group(signal.SIGKILL)
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading
    if code:
        output = b"".join(chunks).decode(errors="replace").rstrip("\n")
        lines = output.split("\n")
        excerpt = "\n".join([*(["(...)"] if len(lines) > _MAX_LINES else []), *lines[-_MAX_LINES:]])
        raise CheckFailedError(f"exit status {code}" + (f"; {excerpt}" if output else ""))


def _context(check: ExecCheck, service: Service) -> Context:
    user = users.find(runs_as(check).or_else(runs_as(service)))
    home = {"HOME": user.home, "USER": user.name} if user and user.name else {}
    return Context(
        environment={**os.environ, **home, **(service.environment or {}), **(check.environment or {})},
        folder=check.working_dir or service.working_dir or None,
        user=user,
    )
