"""Endpoints of identities."""

from typing import Any

from aiohttp import web

from paas_local.pebble.api import bodies
from paas_local.pebble.api.identities import BadIdentityError, Identities
from paas_local.pebble.api.requests import ApiError, Call, sync


class IdentityApi:
    """The endpoints of identities."""

    def __init__(self, identities: Identities) -> None:
        self._identities: Identities = identities

    async def show_all(self, _: Call) -> web.StreamResponse:
        """List identities."""
        return sync(self._identities.document)

    async def change(self, call: Call) -> web.StreamResponse:
        """Add, update, replace or remove identities."""
        fields: dict[str, Any] = {"action": "string", "identities": "any"}
        body = await call.body(fields)
        try:
            self._identities.change(body.get("action", ""), body.get("identities", {}))
        except (BadIdentityError, bodies.BadBodyError) as error:
            raise ApiError(400, str(error)) from None
        return sync()
