"""Which parts a multipart body has, read as it comes.

Files may be large, so that the content of a part is passed on in pieces.
"""

import email.message
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.parser import HeaderParser
from typing import Protocol

_CHUNK = 65536


class TruncatedError(ValueError):
    """The body ended too early."""


class Source(Protocol):
    """Where the body comes from."""

    async def read(self, n: int = -1, /) -> bytes:
        """Read some bytes; none at the end."""
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
        self._mark: bytes = f"--{boundary}".encode()
        self._held: bytes = b"\r\n"
        self._at_mark: bool = False

    async def _more(self) -> None:
        chunk = await self._source.read(_CHUNK)
        if not chunk:
            raise TruncatedError("multipart: NextPart: EOF")
        self._held += chunk

    async def head(self) -> Header | None:
        """Read the headers of the next part; nothing after the last."""
        if not self._at_mark:
            async for _ in self.content():
                pass
        self._at_mark = False
        while len(self._held) < 2:  # noqa: PLR2004  the two bytes that follow a mark
            await self._more()
        if self._held.startswith(b"--"):
            return None
        while b"\r\n\r\n" not in self._held:
            await self._more()
        head, self._held = self._held.split(b"\r\n\r\n", 1)
        self._held = b"\r\n" + self._held if self._held.startswith(self._mark) else self._held
        fields = HeaderParser().parsestr(head.decode(errors="replace").lstrip("\r\n"))
        return Header(name=_field(fields, "name"), filename=_field(fields, "filename"))

    async def content(self) -> AsyncIterator[bytes]:
        """Pass the content of a part on, up to the next mark."""
        mark = b"\r\n" + self._mark
        while True:
            place = self._held.find(mark)
            if place >= 0:
                content, self._held = self._held[:place], self._held[place + len(mark) :]
                self._at_mark = True
                if content:
                    yield content
                return
            if len(self._held) > len(mark):
                content, self._held = self._held[: -len(mark)], self._held[-len(mark) :]
                yield content
            await self._more()


def _field(fields: email.message.Message, name: str) -> str:
    value = fields.get_param(name, header="content-disposition")
    return value if isinstance(value, str) else ""
