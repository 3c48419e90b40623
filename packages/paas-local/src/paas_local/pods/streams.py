"""Connections with a first line of JSON, and the relay of bytes between two of them.

The first line says what the connection is for; each server documents its answer.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHUNK = 65536


@dataclass(frozen=True, kw_only=True)
class Connection:
    """Both directions of a connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def receive(self) -> Mapping[str, Any]:
        """Read one line of JSON; empty if the peer has closed the connection."""
        line = await self.reader.readline()
        return json.loads(line) if line.endswith(b"\n") else {}

    async def send(self, document: Mapping[str, Any]) -> None:
        """Write one line of JSON."""
        self.writer.write(json.dumps(document).encode() + b"\n")
        await self.writer.drain()

    async def close(self) -> None:
        """Close the connection in any state."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def closing(connection: Connection) -> AsyncGenerator[Connection, None]:
    """Close a connection at the end; a connection that the peer has closed is not an error."""
    try:
        with contextlib.suppress(ConnectionError):
            yield connection
    finally:
        await connection.close()


def serving(
    serve: Callable[[Connection], Awaitable[None]],
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]:
    """Return the callback of a server that serves each of its connections, and closes it."""
    served: set[asyncio.Task[Any] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio forgets the task of a connection that is lost; without this reference it may be deleted unfinished
        task = asyncio.current_task()
        served.add(task)
        try:
            # asyncio logs the cancellation, at the end of the process, as an error of the callback
            with contextlib.suppress(asyncio.CancelledError):
                async with closing(Connection(reader=reader, writer=writer)) as connection:
                    await serve(connection)
        finally:
            served.discard(task)

    return connected


async def connect_unix(path: Path) -> Connection:
    """Connect to a unix socket."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    return Connection(reader=reader, writer=writer)


async def connect_tcp(host: str, port: int) -> Connection:
    """Connect over TCP."""
    reader, writer = await asyncio.open_connection(host, port)
    return Connection(reader=reader, writer=writer)


async def relay(one: Connection, other: Connection) -> None:
    """Copy bytes in both directions until both peers have finished."""
    await asyncio.gather(_copy(one.reader, other.writer), _copy(other.reader, one.writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy one direction and its end; the other direction stays open."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
