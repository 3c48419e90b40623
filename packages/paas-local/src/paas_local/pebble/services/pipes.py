"""How output comes from a child, and input goes to it, without blocking and without threads."""

import asyncio
import os
from collections.abc import Callable

_CHUNK = 65536


async def read(descriptor: int) -> bytes:
    """Read what is there as soon as there is any; nothing at the end."""
    while (content := _read_now(descriptor)) is None:
        await _until(descriptor, writable=False)
    return content


def _read_now(descriptor: int) -> bytes | None:
    try:
        return os.read(descriptor, _CHUNK)
    except BlockingIOError:
        return None


async def write(descriptor: int, content: bytes) -> None:
    """Write all of it; the reader may be slow."""
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


class Outlet:
    """The reading end of a child's output; it may outlive the child in the hands of its children."""

    def __init__(self, consume: Callable[[bytes], None]) -> None:
        self._consume: Callable[[bytes], None] = consume
        self._descriptor, self.inlet = os.pipe()
        os.set_blocking(self._descriptor, False)
        self._open: bool = True

    def close_inlet(self) -> None:
        """Leave the writing end to the child alone."""
        os.close(self.inlet)

    async def pump(self) -> None:
        """Pass the output on until nobody can write any more."""
        while chunk := await read(self._descriptor):
            self._consume(chunk)
        self._open = False
        os.close(self._descriptor)

    def drain(self) -> None:
        """Pass on what is there already, now that the child has ended."""
        while self._open and (chunk := _read_now(self._descriptor)):
            self._consume(chunk)
