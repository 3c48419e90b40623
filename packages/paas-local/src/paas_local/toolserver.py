"""The socket that a charm's hook tools talk to: one JSON object in, one out, then the end."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paas_local.tools.call import Request


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
        # a hook that is killed takes its tools along in the middle of a word
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            asked: Mapping[str, Any] = json.loads(await reader.read() or b"{}")
            answer = self._answers(str(asked.get("context", "")), _request(asked))
            writer.write(json.dumps(vars(answer)).encode())
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


def _request(asked: Mapping[str, Any]) -> Request:
    return Request(
        tool=str(asked.get("tool", "")),
        arguments=tuple(str(word) for word in asked.get("arguments", ())),
        stdin=str(asked.get("stdin", "")),
        files={str(name): str(text) for name, text in asked.get("files", {}).items()},
    )
