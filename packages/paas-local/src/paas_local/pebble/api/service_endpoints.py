"""Endpoints of services and signals."""

from aiohttp import web

from paas_local.pebble.api.requests import ACTION_BODY, ApiError, Call, later, sync
from paas_local.pebble.services import actions
from paas_local.pebble.services.actions import BadActionError
from paas_local.pebble.services.overlord import Overlord
from paas_local.pebble.services.services import SignalError


class ServiceApi:
    """The endpoints of services."""

    def __init__(self, overlord: Overlord) -> None:
        self._overlord: Overlord = overlord

    async def show_all(self, call: Call) -> web.StreamResponse:
        """List services."""
        return sync(self._overlord.services.documents(call.values("names")))

    async def show(self, _: Call) -> web.StreamResponse:
        """Refuse: Pebble implements nothing for single services."""
        raise ApiError(400, "not implemented")

    async def act(self, call: Call) -> web.StreamResponse:
        """Start, stop, restart, autostart or replan."""
        body = await call.body({"action": "string", "services": "[]string"}, what=ACTION_BODY)
        action = body.get("action", "")
        try:
            change = actions.run(self._overlord.changes, self._overlord.services, action, body.get("services", []))
        except BadActionError as error:
            raise ApiError(400, str(error), error.kind) from None
        if action == "replan":
            self._overlord.checks.replan()
        return later(change)

    async def signal(self, call: Call) -> web.StreamResponse:
        """Send a signal to the main processes of services."""
        body = await call.body({"signal": "string", "services": "[]string"})
        if not body.get("services"):
            raise ApiError(400, "must specify one or more services")
        try:
            self._overlord.services.signal(body.get("signal", ""), body["services"])
        except SignalError as error:
            raise ApiError(500, str(error)) from None
        return sync(True)
