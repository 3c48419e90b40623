"""The controller's HTTP API: one path per command, one JSON object per request.

An answer is ``{"result": …}``. A failed request is ``{"error": one line, "code": exit status}`` with status 400. GET
is for queries only, which a client may repeat; POST is for all commands. A client that names itself in User-Agent must
have the same source as this process; any may end it.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator
from http import HTTPStatus
from typing import Any

import pydantic
from aiohttp import web

from paas_local.api_version import user_agent
from paas_local.controller.handlers.registry import HANDLERS, Answer, Controller, Handler, Request
from paas_local.juju.errors import JujuError

_LARGEST_REQUEST = 16 * 1024 * 1024
_DISCONNECT_POLL = 1.0


def application(controller: Controller) -> web.Application:
    """Return the server's application."""
    own_agent = user_agent()

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            _check_client(request, own_agent)
            handler = _handler(request)
            rest = (request.content,) if handler.reads_input else ()
            result = await handler.run(controller, await _body(request, handler), *rest)
        except JujuError as error:
            return web.json_response({"error": error.message, "code": error.code}, status=HTTPStatus.BAD_REQUEST)
        match result:
            case AsyncIterator():
                return await _stream(request, result)  # pyright: ignore[reportUnknownArgumentType]  # its items are JSON
            case Answer():
                return web.json_response({"result": result.result, **result.added})
            case _:
                return web.json_response({"result": result})

    server = web.Application(client_max_size=_LARGEST_REQUEST)
    server.add_routes([web.post("/v1/{command}", answer), web.get("/v1/{command}", answer)])
    return server


def _check_client(request: web.Request, own_agent: str) -> None:
    program, _, _ = own_agent.partition("/")
    agent = request.headers.get("User-Agent", "")
    if agent.startswith(f"{program}/") and agent != own_agent and request.match_info["command"] != "shutdown":
        raise JujuError(
            "the background process must run the same code as this command"
            " (paas-local shutdown; the next command starts it again)"
        )


def _handler(request: web.Request) -> Handler:
    name = request.match_info["command"]
    handler = HANDLERS.get(name)
    if handler is None:
        raise JujuError(f'unknown command "{name}"', code=2)
    if request.method != "POST" and not handler.read_only:
        raise JujuError(f'the command "{name}" must be sent with POST', code=2)
    return handler


async def _body(request: web.Request, handler: Handler) -> Request:
    text = await request.content.readline() if handler.reads_input else await request.read()
    try:
        return handler.request.model_validate_json(text or b"{}")
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise JujuError(f"bad request: {field}: {first['msg']}", code=2) from None


async def _stream(request: web.Request, lines: AsyncIterator[Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    writer = asyncio.create_task(_write(response, lines))
    try:
        # the client of endless lines disconnects at any time, perhaps long before the next line
        while not writer.done() and not _is_disconnected(request):
            await asyncio.wait({writer}, timeout=_DISCONNECT_POLL)
    finally:
        writer.cancel()
        (error,) = await asyncio.gather(writer, return_exceptions=True)
    if isinstance(error, Exception):
        raise error
    return response


async def _write(response: web.StreamResponse, lines: AsyncIterator[Any]) -> None:
    try:
        with contextlib.suppress(ConnectionError):
            async for line in lines:
                await response.write(json.dumps(line).encode() + b"\n")
    finally:
        # a generator that has started a process ends it now, not when its memory is freed
        if isinstance(lines, AsyncGenerator):
            await lines.aclose()


def _is_disconnected(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()
