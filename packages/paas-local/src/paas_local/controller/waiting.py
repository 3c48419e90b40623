"""Waiting for an event with a timeout.

Up to Python 3.11, ``asyncio.wait_for`` loses a cancellation that comes at the same time as the event.
"""

import asyncio


async def until(event: asyncio.Event, seconds: float | None) -> None:
    """Wait until an event is set, or until the timeout."""
    waiter = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({waiter}, timeout=seconds)
    finally:
        waiter.cancel()
