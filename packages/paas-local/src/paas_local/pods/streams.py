"""How two connections become one, and how both sides of a unix socket say what a connection is for.

A connection to a relay begins with one line of JSON; what the answer is, each server says.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Mapping
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
        """Read the line that says what is wanted or answered; nothing, when the other side is gone."""
        line = await self.reader.readline()
        return json.loads(line) if line.endswith(b"\n") else {}

    async def send(self, document: Mapping[str, Any]) -> None:
        """Write one line."""
        self.writer.write(json.dumps(document).encode() + b"\n")
        await self.writer.drain()

    async def close(self) -> None:
        """Close, whatever state it is in."""
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


@contextlib.asynccontextmanager
async def closing(connection: Connection) -> AsyncGenerator[Connection, None]:
    """Close a connection at the end; that the other side has gone is no error."""
    try:
        with contextlib.suppress(ConnectionError):
            yield connection
    finally:
        await connection.close()


async def connect_unix(path: Path) -> Connection:
    """Connect to a unix socket."""
    reader, writer = await asyncio.open_unix_connection(str(path))
    return Connection(reader=reader, writer=writer)


async def connect_tcp(host: str, port: int) -> Connection:
    """Connect over TCP."""
    reader, writer = await asyncio.open_connection(host, port)
    return Connection(reader=reader, writer=writer)


async def relay(one: Connection, other: Connection) -> None:
    """Carry what either side says to the other until both have finished."""
    await asyncio.gather(_carry(one.reader, other.writer), _carry(other.reader, one.writer))


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction; its end is passed on, so that the other direction can go on."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    with contextlib.suppress(OSError):
        if writer.can_write_eof():
            writer.write_eof()
