"""The socket that a charm's hook tools talk to: one request in, one answer out, then the end."""

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from paas_local.controller.hook_tool import pack, unpack
from paas_local.juju.hook_tools.call import Request


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the tool prints, and how it exits."""

    stdout: str = ""
    stderr: str = ""
    code: int = field(default=0)


Answers = Callable[[str, Request], Answer]


class ToolServer:
    """Listens while the unit's pod lives; the answers are given by its agent."""

    def __init__(self, path: Path, answers: Answers) -> None:
        self._path = path
        self._answers = answers
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_unix_server(self._serve, sock=listening(self._path))

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            try:
                context, request = _request(unpack(await reader.read()))
            except ValueError:
                # a hook that is killed takes its tools along in the middle of a word
                return
            answer = self._answers(context, request)
            writer.write(pack([answer.stdout, answer.stderr, str(answer.code)]))
            await writer.drain()


def listening(path: Path) -> socket.socket:
    """Listen at a path of any length: through its folder's descriptor it is short enough for a socket."""
    path.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        server.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
    server.setblocking(False)
    return server


def _request(asked: list[str]) -> tuple[str, Request]:
    context, tool, stdin, count, *words = asked
    arguments, files = words[: int(count)], words[int(count) :]
    return context, Request(
        tool=tool,
        arguments=tuple(arguments),
        stdin=stdin,
        files=dict(zip(files[::2], files[1::2], strict=True)),
    )
