"""The client of a workload container's Pebble."""

import asyncio
import calendar
import contextlib
import json
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import yaml

from paas_local.juju.errors import JujuError

_PATIENCE = 30.0
_OWNER = "_daemon_"
_SHORT_POLL_INTERVAL = 0.03
_NEWEST_LINES = 30
_WHOLE_SECONDS = len("2026-01-01T00:00:00")


@dataclass(frozen=True, kw_only=True)
class Pebble:
    """A connection to one container's Pebble."""

    session: aiohttp.ClientSession

    async def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the result of a request; raise JujuError with the text of Pebble's error."""
        async with self.session.request(method, path, json=body) as response:
            return _result(await response.json())

    async def write(self, written: Mapping[str, Path]) -> None:
        """Write files; ``written`` maps paths in the container to the files to copy."""
        form = aiohttp.FormData(quote_fields=False)
        entries = [
            {
                "path": place,
                "make-dirs": True,
                "permissions": f"{file.stat().st_mode & 0o777:03o}",
                "user": _OWNER,
                "group": _OWNER,
            }
            for place, file in written.items()
        ]
        document = aiohttp.payload.JsonPayload({"action": "write", "files": entries})
        form.add_field("request", document, content_type="application/json")
        for place, file in written.items():
            form.add_field("files", file.read_bytes(), filename=place, content_type="application/octet-stream")
        async with self.session.post("/v1/files", data=form) as response:
            _paths(_result(await response.json()))

    async def remove(self, places: Iterable[str]) -> None:
        """Remove files and folders; missing ones are ignored."""
        entries = [{"path": place, "recursive": True} for place in places]
        if entries:
            _paths(await self.request("POST", "/v1/files", {"action": "remove", "paths": entries}))

    async def plan(self) -> dict[str, dict[str, Any]]:
        """Return the services of the plan."""
        return yaml.safe_load(await self.request("GET", "/v1/plan?format=yaml")).get("services", {})

    async def current(self) -> dict[str, str]:
        """Return the status of each service."""
        return {each["name"]: each["current"] for each in await self.request("GET", "/v1/services")}

    async def restart(self, services: Iterable[str]) -> None:
        """Restart services, and return once they are started, before Pebble knows that they stay up."""
        async with self.session.post(
            "/v1/services", json={"action": "restart", "services": list(services)}
        ) as response:
            answer = await response.json()
        _result(answer)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            change = await self.request("GET", f"/v1/changes/{answer['change']}")
            # A service that does not start shows in its status and its log.
            if change["ready"] or all(task["status"] != "Do" for task in change["tasks"]):
                return
            await asyncio.sleep(_SHORT_POLL_INTERVAL)

    async def has_running_change(self) -> bool:
        """Return whether a change is in progress, such as the restart of a service."""
        return bool(await self.request("GET", "/v1/changes?select=in-progress"))

    async def log(self, service: str, since: float) -> list[str]:
        """Return the newest lines of a service, from a time on."""
        query = {"services": service, "n": str(_NEWEST_LINES)}
        async with self.session.get("/v1/logs", params=query) as response:
            lines = [json.loads(line) for line in (await response.text()).splitlines()]
        return [line["message"] for line in lines if _seconds(line["time"]) >= since]

    async def lines(self, count: int, *, follow: bool) -> AsyncIterator[Mapping[str, str]]:
        """Yield the newest lines of all services (-1 for all) and, with ``follow``, those to come.

        A line has the keys ``time``, ``service`` and ``message``.
        """
        query = {"n": str(count), **({"follow": "true"} if follow else {})}
        timeout = aiohttp.ClientTimeout(total=None if follow else _PATIENCE)
        async with self.session.get("/v1/logs", params=query, timeout=timeout) as response:
            async for line in response.content:
                yield json.loads(line)


@contextlib.asynccontextmanager
async def connected(unit: str, socket: Path) -> AsyncGenerator[Pebble]:
    """Connect to the Pebble of a unit's container; raise JujuError if it does not answer."""
    try:
        async with _pebble(socket) as pebble:
            yield pebble
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise JujuError(f"{unit}: the Pebble of its container does not answer: {error}") from error


@contextlib.asynccontextmanager
async def _pebble(socket: Path) -> AsyncGenerator[Pebble]:
    # The path may be too long for a socket.
    folder = os.open(socket.parent, os.O_PATH | os.O_CLOEXEC)
    try:
        connector = aiohttp.UnixConnector(path=f"/proc/self/fd/{folder}/{socket.name}")
        timeout = aiohttp.ClientTimeout(total=_PATIENCE * 2)
        async with aiohttp.ClientSession("http://pebble", connector=connector, timeout=timeout) as session:
            yield Pebble(session=session)
    finally:
        os.close(folder)


def _seconds(time: str) -> float:
    """Return the seconds since the epoch of a time such as ``2026-11-23T05:12:44.123456789Z``."""
    whole, fraction = time[:_WHOLE_SECONDS], time[_WHOLE_SECONDS:].rstrip("Z")
    return calendar.timegm(datetime.fromisoformat(whole).timetuple()) + float(f"0{fraction}")


def _result(answer: Mapping[str, Any]) -> Any:
    if answer.get("type") == "error":
        raise JujuError(str(answer["result"]["message"]))
    return answer.get("result")


def _paths(results: Iterable[Mapping[str, Any]]) -> None:
    for each in results:
        error: Mapping[str, str] = each.get("error") or {}
        if error and error.get("kind") != "not-found":
            raise JujuError(f"{each['path']}: {error.get('message', 'cannot be written')}")
