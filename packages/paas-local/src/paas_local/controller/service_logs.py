"""The output of the services in the workload containers of a model, as each container's Pebble keeps it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol, TypedDict

import aiohttp

from paas_local.controller import pebble_client
from paas_local.controller.pod_spec import Folders
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model, not_found

_PAUSE = 0.5
_ALL = -1

Workload = tuple[str, str]
"""A unit and one of its containers."""


class Models(Protocol):
    """The daemon, as the logs use it."""

    changed: asyncio.Event

    @property
    def names(self) -> list[str]:
        """Return the names of the models."""
        ...

    def model(self, name: str) -> Model:
        """Return a model as it is now."""
        ...

    def folders(self, name: str) -> Folders:
        """Return the folders of a model."""
        ...


class Line(TypedDict):
    """One line of a service."""

    unit: str
    time: str
    service: str
    message: str


def workloads(model: Model, names: Sequence[str]) -> list[Workload]:
    """Return the containers of the named applications and units; raise JujuError for an unknown name."""
    for name in names:
        if name not in model.applications and model.unit(name) is None:
            raise JujuError(f'unit "{name}" not found' if "/" in name else not_found(model, name))
    return [
        (unit.name, container)
        for unit in model.units
        if unit.name in names or unit.application in names
        for container in model.applications[unit.application].charm.containers
    ]


async def recent(models: Models, name: str, units: Sequence[str], count: int) -> list[Line]:
    """Return the newest ``count`` lines of each container, sorted by time; -1 is all lines."""
    folders = models.folders(name)
    lines: list[Line] = []
    for unit, container in workloads(models.model(name), units):
        async with pebble_client.connected(unit, folders.pebble_socket(unit, container)) as pebble:
            lines += [_line(unit, line) async for line in pebble.lines(count, follow=False)]
    return sorted(lines, key=lambda line: line["time"])


async def follow(models: Models, name: str, units: Sequence[str], count: int) -> AsyncIterator[Line]:
    """Yield the newest ``count`` lines of each container, then those to come, until the model is gone.

    A unit that is added later and a container that starts again are followed too.
    """
    queue: asyncio.Queue[Line | None] = asyncio.Queue()
    readers = asyncio.create_task(_keep_readers(models, name, units, queue, count))
    try:
        while line := await queue.get():
            yield line
    finally:
        await _cancel([readers])


async def _keep_readers(
    models: Models, name: str, units: Sequence[str], queue: "asyncio.Queue[Line | None]", count: int
) -> None:
    """Read each container's lines into the queue; None follows once the model is gone."""
    readers: dict[Workload, asyncio.Task[None]] = {}
    try:
        while name in models.names:
            changed = models.changed
            _match_readers(models, name, _known(models.model(name), units), readers, queue, count)
            await changed.wait()
        await queue.put(None)
    finally:
        await _cancel(readers.values())


def _known(model: Model, names: Sequence[str]) -> list[Workload]:
    existing = [name for name in names if name in model.applications or model.unit(name)]
    return workloads(model, existing)


def _match_readers(
    models: Models,
    name: str,
    selected: Collection[Workload],
    readers: dict[Workload, asyncio.Task[None]],
    queue: "asyncio.Queue[Line | None]",
    count: int,
) -> None:
    for workload in readers.keys() - set(selected):
        readers.pop(workload).cancel()
    for workload in selected:
        if workload not in readers:
            readers[workload] = asyncio.create_task(_read(models.folders(name), workload, queue, count))


async def _read(folders: Folders, workload: Workload, queue: "asyncio.Queue[Line | None]", count: int) -> None:
    unit, container = workload
    while True:
        with contextlib.suppress(JujuError, aiohttp.ClientError, OSError, asyncio.TimeoutError):
            async with pebble_client.connected(unit, folders.pebble_socket(unit, container)) as pebble:
                async for line in pebble.lines(count, follow=True):
                    await queue.put(_line(unit, line))
        # Pebble has ended, or has not started yet: the next one has no lines of the last.
        count = _ALL
        await asyncio.sleep(_PAUSE)


def _line(unit: str, line: Mapping[str, str]) -> Line:
    return Line(unit=unit, time=line["time"], service=line["service"], message=line["message"])


async def _cancel(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
