"""The watcher of a workload container's Pebble: it reports its start, custom notices and checks.

Pebble reports a check by its changes: ``perform-check`` ends in Error when the check fails, and ``recover-check`` is
Done when it passes again.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal

import aiohttp

from paas_local.juju.events import Check, Notice

_POLL_INTERVAL = 0.1
_PAUSE = 2.0
_PATIENCE = 30
_OUTCOMES: Mapping[str, tuple[str, Literal["failed", "recovered"]]] = {
    "perform-check": ("Error", "failed"),
    "recover-check": ("Done", "recovered"),
}
"""The kind of a change, to the status that it ends with and the check's outcome."""


class PebbleWatcher:
    """The watcher of one container, for one start of its Pebble.

    ``after`` is the time of the last notice that a former controller has reported, or empty; None if that one has not
    reported the start. Each event is reported with the time of its notice.
    """

    def __init__(
        self,
        container: str,
        socket: Path,
        ready: Callable[[], None],
        report: Callable[[Notice | Check, str], None],
        *,
        after: str | None = None,
    ) -> None:
        self._container = container
        self._socket = socket
        self._ready = ready
        self._report = report
        self._is_ready = after is not None
        self._after = after or ""
        self._ended: set[str] = set()

    async def watch(self) -> None:
        """Wait until Pebble answers, then report its notices; end only when cancelled."""
        connector = aiohttp.UnixConnector(path=str(self._socket))
        async with aiohttp.ClientSession("http://pebble", connector=connector) as session:
            # no event says that another process listens
            while await self._get(session, "/v1/system-info") is None:  # noqa: ASYNC110
                await asyncio.sleep(_POLL_INTERVAL)
            if not self._is_ready:
                self._ready()
            while True:
                notices = await self._notices(session)
                if notices is None:
                    await asyncio.sleep(_PAUSE)
                for notice in notices or ():
                    self._after = max(self._after, str(notice["last-repeated"]))
                    await self._notice(session, notice)

    async def _notices(self, session: aiohttp.ClientSession) -> list[Mapping[str, Any]] | None:
        query = [("types", "custom"), ("types", "change-update"), ("users", "all"), ("timeout", f"{_PATIENCE}s")]
        after = [("after", self._after)] if self._after else []
        return await self._get(session, "/v1/notices", [*query, *after])

    async def _notice(self, session: aiohttp.ClientSession, notice: Mapping[str, Any]) -> None:
        at = str(notice["last-repeated"])
        if notice["type"] == "custom":
            self._report(Notice(container=self._container, notice=str(notice["id"]), key=str(notice["key"])), at)
            return
        data: Mapping[str, str] = notice.get("last-data") or {}
        number = str(notice["key"])
        if data.get("kind") not in _OUTCOMES or number in self._ended:
            return
        change: Mapping[str, Any] | None = await self._get(session, f"/v1/changes/{number}")
        status, outcome = _OUTCOMES[data["kind"]]
        if change and change["status"] == status:
            self._ended.add(number)
            self._report(Check(container=self._container, check=data.get("check-name", ""), outcome=outcome), at)

    async def _get(self, session: aiohttp.ClientSession, path: str, query: list[tuple[str, str]] | None = None) -> Any:
        timeout = aiohttp.ClientTimeout(total=_PATIENCE * 2)
        with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError, asyncio.TimeoutError):
            async with session.get(path, params=query or [], timeout=timeout) as response:
                if response.status == HTTPStatus.OK:
                    return (await response.json())["result"]
        return None
