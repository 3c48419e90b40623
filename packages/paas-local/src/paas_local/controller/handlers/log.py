"""The commands about a model's log and the output of its services."""

import collections
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pydantic

from paas_local.controller import service_logs
from paas_local.controller.handlers.registry import Controller, ModelRequest, query
from paas_local.controller.storage import Line
from paas_local.juju.log_filter import Filter


class DebugLog(ModelRequest, frozen=True):
    """The newest lines of the log that pass the filter (0 for all) and, with ``follow``, those to come."""

    limit: int = 0
    follow: bool = False
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    level: str = "TRACE"

    @property
    def filter(self) -> Filter:
        """Return the filter."""
        return Filter(include=self.include, exclude=self.exclude, modules=self.modules, level=self.level)


class Logs(ModelRequest, frozen=True):
    """The newest lines of the services of applications and units (-1 for all) and, with ``follow``, those to come."""

    names: tuple[str, ...]
    lines: int = pydantic.Field(default=-1, ge=-1)
    follow: bool = False


@query
async def debug_log(controller: Controller, request: DebugLog) -> AsyncIterator[dict[str, Any]]:
    """Stream the lines of a model's log."""
    controller.model(request.model)  # raises JujuError before the stream begins
    return _lines(controller, request)


async def _lines(controller: Controller, request: DebugLog) -> AsyncIterator[dict[str, Any]]:
    after = 0
    limit = request.limit or None
    while True:
        logged = controller.logged
        lines = collections.deque[Line](maxlen=limit)
        for number, line in controller.state.lines(request.model, after):
            after = number
            if request.filter.matches(entity=line.entity, module=line.module, level=line.level):
                lines.append(line)
        for line in lines:
            yield dataclasses.asdict(line)
        if not request.follow or request.model not in controller.names:
            break
        limit = None
        await logged.wait()


@query
async def logs(controller: Controller, request: Logs) -> AsyncIterator[service_logs.Line]:
    """Stream the output of services."""
    service_logs.workloads(controller.model(request.model), request.names)  # raises JujuError before the stream begins
    if request.follow:
        return service_logs.follow(controller, request.model, request.names, request.lines)
    return _each(await service_logs.recent(controller, request.model, request.names, request.lines))


async def _each(lines: list[service_logs.Line]) -> AsyncIterator[service_logs.Line]:
    for line in lines:
        yield line
