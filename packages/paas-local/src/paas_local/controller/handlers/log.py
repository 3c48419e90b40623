"""The command about a model's log."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

from paas_local.controller.handlers.registry import Controller, ModelRequest, query


class DebugLog(ModelRequest, frozen=True):
    """The newest lines of the log (0 for all) and, with ``follow``, those to come."""

    limit: int = 0
    follow: bool = False


@query
async def debug_log(controller: Controller, request: DebugLog) -> AsyncIterator[dict[str, Any]]:
    """Stream the lines of a model's log."""
    controller.model(request.model)  # raises JujuError before the stream begins
    return _lines(controller, request)


async def _lines(controller: Controller, request: DebugLog) -> AsyncIterator[dict[str, Any]]:
    after = controller.state.newest(request.model, request.limit)
    while True:
        logged = controller.logged
        for number, line in controller.state.lines(request.model, after):
            after = number
            yield dataclasses.asdict(line)
        if not request.follow or request.model not in controller.names:
            break
        await logged.wait()
