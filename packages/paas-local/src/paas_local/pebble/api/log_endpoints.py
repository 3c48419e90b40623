"""Endpoint of the logs of services."""

import asyncio

from aiohttp import web

from paas_local.pebble.api import requests
from paas_local.pebble.api.requests import ApiError, Call
from paas_local.pebble.services.logs import Logs

_DEFAULT_LINES = 30


class LogApi:
    """The endpoint of logs."""

    def __init__(self, logs: Logs) -> None:
        self._logs: Logs = logs

    async def show(self, call: Call) -> web.StreamResponse:
        """Write the newest lines, and with ``follow`` each new line until the client disconnects."""
        follow = call.flag("follow")
        limit = _limit(call.query("n"), 0 if follow else _DEFAULT_LINES)
        names = call.values("services")
        answer = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        lines = self._logs.last(limit, names)
        queue = self._logs.follow() if follow else None
        try:
            await answer.prepare(call.request)
            await answer.write("".join(requests.text(line.document) for line in lines).encode())
            while queue is not None and not _disconnected(call.request):
                try:
                    line = await asyncio.wait_for(queue.get(), 1)
                except asyncio.TimeoutError:
                    continue
                if not names or line.service in names:
                    await answer.write(requests.text(line.document).encode())
        except ConnectionError:
            pass  # the client has disconnected
        finally:
            if queue is not None:
                self._logs.unfollow(queue)
        return answer


def _limit(text: str, default: int) -> int:
    try:
        limit = int(text) if text else default
    except ValueError:
        limit = -2
    if limit < -1:
        raise ApiError(400, "n must be -1, 0, or a positive integer")
    return limit


def _disconnected(request: web.BaseRequest) -> bool:
    return request.transport is None or request.transport.is_closing()
