"""What the services have written lately.

Kept as Pebble keeps it: 100 KiB per service, each line counted with the prefix that Pebble's own
buffer has, and lines over 4 KiB cut where that buffer would cut them.
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

_KEPT = 100 * 1024
_PIECE = 4096
_TIME = len("2006-01-02T15:04:05.000Z ")


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a service's output; the last one may have no line end."""

    number: int
    time: datetime
    service: str
    message: str
    whole: bool = True

    @property
    def size(self) -> int:
        """The room it takes in the buffer."""
        return _TIME + len(f"[{self.service}] ") + len(self.message.encode()) + 1

    @property
    def document(self) -> dict[str, Any]:
        """What clients see."""
        time = self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return {"time": time, "service": self.service, "message": self.message}


def pieces(service: str, line: str) -> list[str]:
    """Cut a line that is longer than the buffer it passes through."""
    first = _PIECE - _TIME - len(f"[{service}] ")
    if len(line) <= first:
        return [line]
    rest = range(first, len(line), _PIECE)
    return [line[:first], *(line[start : start + _PIECE] for start in rest)]


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
        """Add output as it comes; what has no line end yet stays open."""
        *whole, rest = self._decoder.decode(output).split("\n")
        for text in whole:
            self._add(text)
            self._close(ended=True)
        if rest:
            self._add(rest)

    def _add(self, text: str) -> None:
        if self._open is None:
            now = datetime.now(tz=timezone.utc)
            self._open = Line(number=next(self._numbers), time=now, service=self._service, message=text, whole=False)
        else:
            self._open = replace(self._open, message=self._open.message + text)

    def end(self) -> None:
        """Close the open line, because the process has ended."""
        self._close(ended=False)

    def _close(self, *, ended: bool) -> None:
        if self._open is None:
            return
        first, self._open = self._open, None
        for place, text in enumerate(pieces(self._service, first.message)):
            number = first.number if place == 0 else next(self._numbers)
            self._keep(replace(first, number=number, message=text, whole=ended))

    def _keep(self, line: Line) -> None:
        self._lines.append(line)
        self._size += line.size
        while self._size > _KEPT:
            self._size -= self._lines.popleft().size
        self._publish(line)

    @property
    def lines(self) -> list[Line]:
        """All that is kept, and the open line."""
        return [*self._lines, *([self._open] if self._open else [])]


class Logs:
    """The output of all services."""

    def __init__(self) -> None:
        self._buffers: dict[str, Buffer] = {}
        self._numbers: count[int] = count()
        self._followers: set[asyncio.Queue[Line]] = set()

    def buffer(self, service: str) -> Buffer:
        """Where a service's output goes."""
        if service not in self._buffers:
            self._buffers[service] = Buffer(service, self._numbers, self._publish)
        return self._buffers[service]

    def _publish(self, line: Line) -> None:
        for follower in self._followers:
            follower.put_nowait(line)

    def last(self, limit: int, services: Collection[str] = ()) -> list[Line]:
        """Read the newest lines over all services, or over these; -1 is all of them."""
        wanted = [buffer.lines for name, buffer in self._buffers.items() if not services or name in services]
        found = list(merge(*wanted, key=lambda line: line.number))
        return found if limit < 0 else found[len(found) - min(limit, len(found)) :]

    def follow(self) -> "asyncio.Queue[Line]":
        """Get every whole line from now on, until ``unfollow``."""
        queue: asyncio.Queue[Line] = asyncio.Queue()
        self._followers.add(queue)
        return queue

    def unfollow(self, queue: "asyncio.Queue[Line]") -> None:
        """Get no more lines."""
        self._followers.discard(queue)


def excerpt(lines: list[Line], limit: int) -> str:
    """Show the last lines, with a mark when there were more; a line without its end comes on top."""
    room = limit + 1 if lines and not lines[-1].whole else limit
    shown = ["(...)"] if len(lines) > room else []
    shown += [line.message for line in lines[-room:]]
    return "\n".join(f"    {line}" for line in shown or [""])
