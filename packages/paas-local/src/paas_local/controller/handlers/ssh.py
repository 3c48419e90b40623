"""The command that runs a shell command in a container, with the client's standard input."""

import asyncio
import base64
import contextlib
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientPayloadError, StreamReader

from paas_local.controller.handlers.registry import Controller, UnitRequest, stream
from paas_local.controller.pod import Pod
from paas_local.juju.errors import JujuError
from paas_local.juju.model import named_unit
from paas_local.pods import containers

_CHUNK = 65536
_FOLDERS = {containers.CHARM: "/var/lib/juju"}
# a program that the command left in the background may keep the output open
_LATE_OUTPUT = 1.0
_SIGNALLED = 128


class Ssh(UnitRequest, frozen=True):
    """A line for the shell of a container; the charm's container if left out."""

    command: str
    container: str = containers.CHARM


@stream
async def ssh(controller: Controller, request: Ssh, stdin: StreamReader) -> AsyncIterator[dict[str, Any]]:
    """Run a command; stream its output, then its exit status."""
    model = controller.model(request.model)
    unit = named_unit(model, request.unit)
    names = [containers.CHARM, *model.applications[unit.application].charm.containers]
    if request.container not in names:
        raise JujuError(f'container "{request.container}" must be one of: {", ".join(names)}')
    return _run(controller.pod(request.model, unit.name), request, stdin)


async def _run(pod: Pod, request: Ssh, stdin: StreamReader) -> AsyncIterator[dict[str, Any]]:
    process = await pod.run(
        ["/bin/sh", "-c", request.command],
        env=pod.environment(request.container),
        cwd=_FOLDERS.get(request.container, "/"),
        container=request.container,
        stdin=PIPE,
    )
    output: asyncio.Queue[dict[str, Any]] = asyncio.Queue(maxsize=1)
    tasks = [
        asyncio.create_task(_feed(process, stdin)),
        asyncio.create_task(_follow(process, output)),
    ]
    try:
        while "code" not in (item := await output.get()):
            yield item
        yield item
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _feed(process: Process, stdin: StreamReader) -> None:
    assert process.stdin
    # the command may end before its input, and the client before the command
    with contextlib.suppress(ConnectionError, ClientPayloadError):
        async for chunk in stdin.iter_any():
            process.stdin.write(chunk)
            await process.stdin.drain()
    process.stdin.close()


async def _follow(process: Process, output: asyncio.Queue[dict[str, Any]]) -> None:
    readers = [
        asyncio.create_task(_read(process.stdout, "stdout", output)),
        asyncio.create_task(_read(process.stderr, "stderr", output)),
    ]
    try:
        code = await process.wait()
        await asyncio.wait(readers, timeout=_LATE_OUTPUT)
    finally:
        for reader in readers:
            reader.cancel()
    await output.put({"code": code if code >= 0 else _SIGNALLED - code})


async def _read(stream: asyncio.StreamReader | None, name: str, output: asyncio.Queue[dict[str, Any]]) -> None:
    while stream is not None and (chunk := await stream.read(_CHUNK)):
        await output.put({name: base64.b64encode(chunk).decode()})
