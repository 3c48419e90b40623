"""Waiting for one of several events, with a timeout.

Up to Python 3.11, ``asyncio.wait_for`` loses a cancellation that comes at the same time as the event.
"""

import asyncio


async def until(*events: asyncio.Event, seconds: float | None = None) -> None:
    """Wait until one of the events is set, or until the timeout."""
    waiters = {asyncio.ensure_future(event.wait()) for event in events}
    try:
        await asyncio.wait(waiters, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for waiter in waiters:
            waiter.cancel()
