"""Pipes to and from child processes, without blocking and without threads."""

import asyncio
import errno
import os
from collections.abc import Callable

_CHUNK = 65536


async def read(descriptor: int) -> bytes:
    """Read the next output; empty at the end."""
    while (content := _read_now(descriptor)) is None:
        await _until(descriptor, writable=False)
    return content


def _read_now(descriptor: int) -> bytes | None:
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return b""  # nothing has the other end of a terminal open any more


async def write(descriptor: int, content: bytes) -> None:
    """Write all content, at the speed of the reader."""
    while rest := _write_now(descriptor, content):
        await _until(descriptor, writable=True)
        content = rest


def _write_now(descriptor: int, content: bytes) -> bytes:
    try:
        return content[os.write(descriptor, content) :]
    except BlockingIOError:
        return content


async def _until(descriptor: int, *, writable: bool) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    add: Callable[..., object] = loop.add_writer if writable else loop.add_reader
    remove: Callable[..., object] = loop.remove_writer if writable else loop.remove_reader
    add(descriptor, wake)
    try:
        await ready
    finally:
        remove(descriptor)


class OutputPipe:
    """The reading end of a child's output; the child's own children can keep the writing end open."""

    def __init__(self, consume: Callable[[bytes], None]) -> None:
        self._consume: Callable[[bytes], None] = consume
        self._descriptor, self.write_end = os.pipe()
        os.set_blocking(self._descriptor, False)
        self._open: bool = True

    def close_write_end(self) -> None:
        """Close the writing end in this process; the child has its own."""
        os.close(self.write_end)

    async def pump(self) -> None:
        """Consume the output until all writing ends are closed."""
        while chunk := await read(self._descriptor):
            self._consume(chunk)
        self._open = False
        os.close(self._descriptor)

    def drain(self) -> None:
        """Consume the available output, after the child has ended."""
        while self._open and (chunk := _read_now(self._descriptor)):
            self._consume(chunk)
