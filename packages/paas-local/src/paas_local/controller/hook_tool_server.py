"""The socket of a unit's agent for the charm's hook tools: one request and one answer per connection."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paas_local.controller.hook_tool import pack, unpack
from paas_local.juju.hook_tools.call import Request


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A tool's output and exit status."""

    stdout: str = ""
    stderr: str = ""
    code: int = 0


AnswerCall = Callable[[str, Request], Answer]


class ToolServer:
    """The server, which passes each request to the unit's agent."""

    def __init__(self, path: Path, answer: AnswerCall) -> None:
        self._path = path
        self._answer = answer
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Start listening."""
        self._server = await asyncio.start_unix_server(self._serve, sock=listen(self._path))

    async def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio logs the cancellation, at the end of the process, as an error of the callback
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.CancelledError):
            try:
                context, request = _request(unpack(await reader.read()))
            except ValueError:
                # a killed hook leaves an incomplete request
                return
            answer = self._answer(context, request)
            writer.write(pack([answer.stdout, answer.stderr, str(answer.code)]))
            await writer.drain()


def listen(path: Path) -> socket.socket:
    """Return a socket that listens on a path of any length: by its folder's descriptor the path is short enough."""
    path.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
    server.setblocking(False)
    return server


def _request(texts: list[str]) -> tuple[str, Request]:
    context, tool, stdin, count, *words = texts
    arguments, files = words[: int(count)], words[int(count) :]
    return context, Request(
        tool=tool,
        arguments=tuple(arguments),
        stdin=stdin,
        files=dict(zip(files[::2], files[1::2], strict=True)),
    )
