"""What a workload container's Pebble lets the unit's agent know: that it answers, notices, failing checks.

Pebble tells of a check only through its changes: ``perform-check`` ends in Error when the check fails, and
``recover-check`` is Done when it passes again.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from paas_local.juju.events import Check, Notice

LOOK = 0.1
PAUSE = 2.0
PATIENCE = 30
OK = 200


class Workload:
    """Watches one container, as long as its Pebble lives."""

    def __init__(
        self, container: str, socket: Path, ready: Callable[[], None], tell: Callable[[Notice | Check], None]
    ) -> None:
        self._container = container
        self._socket = socket
        self._ready = ready
        self._tell = tell
        self._after = ""
        self._ended: set[str] = set()

    async def watch(self) -> None:
        """Wait until it answers, then listen; ends only by being cancelled."""
        connector = aiohttp.UnixConnector(path=str(self._socket))
        async with aiohttp.ClientSession("http://pebble", connector=connector) as session:
            # another process tells nobody that it listens
            while await self._get(session, "/v1/system-info") is None:  # noqa: ASYNC110
                await asyncio.sleep(LOOK)
            self._ready()
            while True:
                notices = await self._notices(session)
                if notices is None:
                    await asyncio.sleep(PAUSE)
                for notice in notices or ():
                    self._after = max(self._after, str(notice["last-repeated"]))
                    await self._notice(session, notice)

    async def _notices(self, session: aiohttp.ClientSession) -> list[Mapping[str, Any]] | None:
        query = [("types", "custom"), ("types", "change-update"), ("users", "all"), ("timeout", f"{PATIENCE}s")]
        after = [("after", self._after)] if self._after else []
        return await self._get(session, "/v1/notices", [*query, *after])

    async def _notice(self, session: aiohttp.ClientSession, notice: Mapping[str, Any]) -> None:
        if notice["type"] == "custom":
            self._tell(Notice(container=self._container, notice=str(notice["id"]), key=str(notice["key"])))
            return
        data: Mapping[str, str] = notice.get("last-data") or {}
        outcome = {"perform-check": ("Error", "failed"), "recover-check": ("Done", "recovered")}
        number = str(notice["key"])
        if data.get("kind") not in outcome or number in self._ended:
            return
        change: Mapping[str, Any] | None = await self._get(session, f"/v1/changes/{number}")
        status, word = outcome[data["kind"]]
        if change and change["status"] == status:
            self._ended.add(number)
            self._tell(
                Check(
                    container=self._container,
                    check=data.get("check-name", ""),
                    outcome="failed" if word == "failed" else "recovered",
                )
            )

    async def _get(self, session: aiohttp.ClientSession, path: str, query: list[tuple[str, str]] | None = None) -> Any:
        timeout = aiohttp.ClientTimeout(total=PATIENCE * 2)
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError, asyncio.TimeoutError):
            async with session.get(path, params=query or [], timeout=timeout) as response:
                if response.status == OK:
                    return (await response.json())["result"]
        return None
