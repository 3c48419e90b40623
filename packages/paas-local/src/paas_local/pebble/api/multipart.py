"""Multipart bodies, read as a stream.

Files can be large, so the content of a part comes in chunks.
"""

import email.message
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import Protocol

_CHUNK = 65536


class TruncatedError(ValueError):
    """A body that ended too early."""


class Source(Protocol):
    """The stream of a body."""

    async def read(self, n: int = -1, /) -> bytes:
        """Read some bytes; empty at the end."""
        ...


@dataclass(frozen=True)
class Header:
    """The name of a part, and of its file."""

    name: str
    filename: str


class Parts:
    """The parts of one body, in their order: ``head``, then all of its ``content``, then again."""

    def __init__(self, source: Source, boundary: str) -> None:
        self._source: Source = source
        self._boundary: bytes = f"--{boundary}".encode()
        self._buffer: bytes = b"\r\n"
        self._at_boundary: bool = False

    async def _more(self) -> None:
        chunk = await self._source.read(_CHUNK)
        if not chunk:
            raise TruncatedError("multipart: NextPart: EOF")
        self._buffer += chunk

    async def head(self) -> Header | None:
        """Read the headers of the next part; None after the last."""
        if not self._at_boundary:
            async for _ in self.content():
                pass
        self._at_boundary = False
        while len(self._buffer) < 2:  # noqa: PLR2004  the two bytes after a boundary
            await self._more()
        if self._buffer.startswith(b"--"):
            return None
        while b"\r\n\r\n" not in self._buffer:
            await self._more()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        self._buffer = b"\r\n" + self._buffer if self._buffer.startswith(self._boundary) else self._buffer
        fields = HeaderParser().parsestr(head.decode(errors="replace").lstrip("\r\n"))
        return Header(name=_field(fields, "name"), filename=_field(fields, "filename"))

    async def content(self) -> AsyncIterator[bytes]:
        """Yield the content of a part, up to the next boundary."""
        boundary = b"\r\n" + self._boundary
        while True:
            position = self._buffer.find(boundary)
            if position >= 0:
                content, self._buffer = self._buffer[:position], self._buffer[position + len(boundary) :]
                self._at_boundary = True
                if content:
                    yield content
                return
            if len(self._buffer) > len(boundary):
                content, self._buffer = self._buffer[: -len(boundary)], self._buffer[-len(boundary) :]
                yield content
            await self._more()


def _field(fields: email.message.Message, name: str) -> str:
    value = fields.get_param(name, header="content-disposition")
    return value if isinstance(value, str) else ""
