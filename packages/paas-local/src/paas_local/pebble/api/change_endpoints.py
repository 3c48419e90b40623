"""Endpoints of changes."""

import asyncio

from aiohttp import web

from paas_local.pebble.api.requests import ACTION_BODY, ApiError, Call, sync
from paas_local.pebble.services.changes import Change, Changes, NothingPendingError, UnknownChangeError


class ChangeApi:
    """The endpoints of changes."""

    def __init__(self, changes: Changes) -> None:
        self._changes: Changes = changes

    async def show_all(self, call: Call) -> web.StreamResponse:
        """List changes."""
        select, service = call.query("select") or "in-progress", call.query("for")
        if select not in ("all", "in-progress", "ready"):
            raise ApiError(400, "select should be one of: all,in-progress,ready")
        return sync(
            [
                change.document
                for change in self._changes.all()
                if (select == "all" or change.ready.is_set() == (select == "ready"))
                and (not service or service in change.services)
            ]
        )

    async def show(self, call: Call) -> web.StreamResponse:
        """Return one change."""
        return sync(self._change(call).document)

    async def wait(self, call: Call) -> web.StreamResponse:
        """Answer once the change is ready, or when the timeout has passed."""
        change = self._change(call)
        timeout = call.duration("timeout")
        try:
            await asyncio.wait_for(change.ready.wait(), timeout.seconds if timeout else None)
        except asyncio.TimeoutError:
            raise ApiError(504, f"timed out waiting for change after {timeout}") from None
        return sync(change.document)

    async def abort(self, call: Call) -> web.StreamResponse:
        """Abort the tasks of a change that have not ended."""
        change = self._change(call)
        body = await call.body({"action": "string"}, what=ACTION_BODY)
        if body.get("action") != "abort":
            raise ApiError(400, f'invalid action "{body.get("action", "")}"')
        try:
            return sync(self._changes.abort(change).document)
        except NothingPendingError as error:
            raise ApiError(400, str(error)) from None

    def _change(self, call: Call) -> Change:
        try:
            return self._changes.find(call.path_values[0])
        except UnknownChangeError as error:
            raise ApiError(404, str(error)) from None
