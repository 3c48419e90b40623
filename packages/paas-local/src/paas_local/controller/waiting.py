"""How someone waits for news, but not for ever.

``asyncio.wait_for`` of Python 3.11 and older loses a cancellation that comes together with what is waited for.
"""

import asyncio


async def until(event: asyncio.Event, seconds: float | None) -> None:
    """Wait until an event is set, or until the time is over."""
    waiter = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({waiter}, timeout=seconds)
    finally:
        waiter.cancel()
