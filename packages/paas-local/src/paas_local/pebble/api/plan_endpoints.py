"""Endpoints of the plan and its layers."""

from aiohttp import web

from paas_local.pebble.api.requests import ApiError, Call, sync
from paas_local.pebble.plan import layers, plan_text
from paas_local.pebble.plan.plan import InnerLayerError, PlanError
from paas_local.pebble.services.overlord import Overlord


class PlanApi:
    """The endpoints of the plan."""

    def __init__(self, overlord: Overlord) -> None:
        self._overlord: Overlord = overlord

    async def show(self, call: Call) -> web.StreamResponse:
        """Return the plan as YAML."""
        form = call.query("format")
        if form != "yaml":
            raise ApiError(400, f'invalid format "{form}"')
        return sync(plan_text.text(self._overlord.plan))

    async def add_layer(self, call: Call) -> web.StreamResponse:
        """Add a layer, or combine it into the layer with its label."""
        fields = dict.fromkeys(("action", "label", "format", "layer"), "string")
        body = await call.body({**fields, "combine": "bool", "inner": "bool"})
        if body.get("action") != "add":
            raise ApiError(400, f'invalid action "{body.get("action", "")}"')
        if not body.get("label"):
            raise ApiError(400, "label must be set")
        if body.get("format") != "yaml":
            raise ApiError(400, f'invalid format "{body.get("format", "")}"')
        try:
            layer = layers.parse(body["label"], body.get("layer", ""))
        except PlanError as error:
            raise ApiError(400, f"cannot parse layer YAML: {error}") from None
        try:
            self._overlord.add_layer(layer, merge=body.get("combine", False), inner=body.get("inner", False))
        except InnerLayerError as error:
            raise ApiError(500, str(error)) from None
        except PlanError as error:
            raise ApiError(400, str(error)) from None
        return sync(True)
