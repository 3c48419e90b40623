"""Buffers with the newest output of services.

They have the limits of Pebble's buffers: 100 KiB for each service, counted with the prefix of each line, and a cut
in lines over 4 KiB.
"""

import asyncio
import codecs
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from heapq import merge
from itertools import count
from typing import Any

_MAX_SIZE = 100 * 1024
_MAX_LINE = 4096
_TIME_SIZE = len("2006-01-02T15:04:05.000Z ")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a service's output."""

    number: int
    time: datetime
    service: str
    message: str
    complete: bool = True
    """False while the line has no end yet."""

    @property
    def size(self) -> int:
        """The size in the buffer."""
        return _TIME_SIZE + len(f"[{self.service}] ") + len(self.message.encode()) + 1

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document in answers."""
        time = self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"time": time, "service": self.service, "message": self.message}


def pieces(service: str, line: str) -> list[str]:
    """Cut a line into pieces that fit the buffer."""
    first = _MAX_LINE - _TIME_SIZE - len(f"[{service}] ")
    if len(line) <= first:
        return [line]
    rest = range(first, len(line), _MAX_LINE)
    return [line[:first], *(line[start : start + _MAX_LINE] for start in rest)]


class Buffer:
    """The newest output of one service."""

    def __init__(self, service: str, numbers: "count[int]", publish: Callable[[Line], None]) -> None:
        self._service: str = service
        self._numbers: count[int] = numbers
        self._publish: Callable[[Line], None] = publish
        self._lines: deque[Line] = deque()
        self._size: int = 0
        self._open: Line | None = None
        self._decoder: codecs.IncrementalDecoder = codecs.getincrementaldecoder("utf-8")("replace")

    def write(self, output: bytes) -> None:
        """Add output; text without a line end stays open."""
        *complete, rest = self._decoder.decode(output).split("\n")
        for text in complete:
            self._add(text)
            self._close(ended=True)
        if rest:
            self._add(rest)

    def _add(self, text: str) -> None:
        if self._open is None:
            now = datetime.now(tz=timezone.utc)
            self._open = Line(number=next(self._numbers), time=now, service=self._service, message=text, complete=False)
        else:
            self._open = replace(self._open, message=self._open.message + text)

    def end(self) -> None:
        """Close the open line at the end of the process."""
        self._close(ended=False)

    def _close(self, *, ended: bool) -> None:
        if self._open is None:
            return
        first, self._open = self._open, None
        for place, text in enumerate(pieces(self._service, first.message)):
            number = first.number if place == 0 else next(self._numbers)
            self._keep(replace(first, number=number, message=text, complete=ended))

    def _keep(self, line: Line) -> None:
        self._lines.append(line)
        self._size += line.size
        while self._size > _MAX_SIZE:
            self._size -= self._lines.popleft().size
        self._publish(line)

    @property
    def lines(self) -> list[Line]:
        """The lines, and the open line."""
        return [*self.closed, *([self._open] if self._open else [])]

    @property
    def closed(self) -> list[Line]:
        """The lines that do not change any more."""
        return [*self._lines]


class Logs:
    """The output of all services."""

    def __init__(self) -> None:
        self._buffers: dict[str, Buffer] = {}
        self._numbers: count[int] = count()
        self._followers: set[asyncio.Queue[Line]] = set()

    def buffer(self, service: str) -> Buffer:
        """Return the buffer of a service, which is created at its first use."""
        if service not in self._buffers:
            self._buffers[service] = Buffer(service, self._numbers, self._publish)
        return self._buffers[service]

    def _publish(self, line: Line) -> None:
        for follower in self._followers:
            follower.put_nowait(line)

    def last(self, limit: int, services: Collection[str] = ()) -> list[Line]:
        """Return the newest lines of these services, or of all; -1 for no limit."""
        buffers = [buffer.lines for name, buffer in self._buffers.items() if not services or name in services]
        lines = list(merge(*buffers, key=lambda line: line.number))
        return lines if limit < 0 else lines[len(lines) - min(limit, len(lines)) :]

    def published(self) -> list[Line]:
        """Return the lines that followers have received, as far as they are kept."""
        return list(merge(*(buffer.closed for buffer in self._buffers.values()), key=lambda line: line.number))

    def follow(self) -> "asyncio.Queue[Line]":
        """Return a queue that receives each complete line, until ``unfollow``."""
        queue: asyncio.Queue[Line] = asyncio.Queue()
        self._followers.add(queue)
        return queue

    def unfollow(self, queue: "asyncio.Queue[Line]") -> None:
        """Stop sending lines to a queue."""
        self._followers.discard(queue)


def excerpt(lines: list[Line], limit: int) -> str:
    """Return the last lines, after a mark if there are more; an incomplete last line does not count."""
    room = limit + 1 if lines and not lines[-1].complete else limit
    shown = ["(...)"] if len(lines) > room else []
    shown += [line.message for line in lines[-room:]]
    return "\n".join(f"    {line}" for line in shown or [""])
