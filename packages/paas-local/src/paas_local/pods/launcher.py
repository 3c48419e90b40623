"""The controller's connection to the launcher, the process that starts the containers (``container_init``).

The containers outlive the controller: the next one finds them here.
"""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class PodError(Exception):
    """A pod or one of its containers did not start; the text is one line."""


@dataclass(frozen=True, kw_only=True)
class Running:
    """A container that runs or has ended."""

    pid: int
    """Process id of the container's first process, in the namespace of this process."""
    exit_code: "asyncio.Future[int]"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the first process, unless the container has ended."""
        if not self.exit_code.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


async def kill_containers(containers: Iterable[Running]) -> None:
    """Kill containers, and wait until all of their processes are gone."""
    containers = tuple(containers)
    for running in containers:
        running.signal(signal.SIGKILL)
    await asyncio.gather(*(asyncio.shield(running.exit_code) for running in containers))


class Launcher:
    """The launcher, as the controller uses it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._listed = asyncio.Event()
        self._starting: dict[str, asyncio.Future[Running]] = {}
        self._running: dict[int, Running] = {}
        self._former: dict[Path, Running] = {}

    async def open(self) -> None:
        """Connect to the launcher once a former controller has ended, and find the containers of that one."""
        reader, self._writer = await asyncio.open_unix_connection(str(self._path))
        self._reading = asyncio.create_task(self._read(reader))
        await self._listed.wait()

    def take(self, folder: Path) -> Mapping[str, Running]:
        """Return the containers of a former controller whose specifications are in a folder, by name, but only once."""
        paths = [path for path in self._former if path.parent == folder]
        return {path.name.removesuffix(".json"): self._former.pop(path) for path in paths}

    async def kill_others(self, folders: Collection[Path]) -> None:
        """Kill the containers of a former controller, except those whose specifications are in some folders."""
        others = [path for path in self._former if path.parent not in folders]
        await kill_containers([self._former.pop(path) for path in others])

    async def start(self, spec: Path) -> Running:
        """Start the container of a specification; raise ``PodError`` with the reason if it does not start."""
        if self._writer is None or self._reading is None or self._reading.done():
            raise PodError("the process that starts containers has ended")
        started = self._starting[str(spec)] = asyncio.get_running_loop().create_future()
        self._writer.write(os.fsencode(spec) + b"\n")
        try:
            return await asyncio.shield(started)
        except asyncio.CancelledError:
            with contextlib.suppress(PodError):
                await kill_containers([await started])
            raise

    async def close(self) -> None:
        """Close the connection; the containers run on."""
        if self._writer is not None and self._reading is not None:
            self._writer.close()
            await self._reading

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Read what the launcher says, until it ends."""
        with contextlib.suppress(ConnectionError):
            while line := await reader.readline():
                self._handle(json.loads(line))
        self._listed.set()
        while self._starting:
            self._starting.popitem()[1].set_exception(PodError("the process that starts containers has ended"))
        while self._running:
            self._running.popitem()[1].exit_code.set_result(128 + signal.SIGKILL)

    def _handle(self, answer: Mapping[str, Any]) -> None:
        match answer:
            case {"spec": str(spec), "pid": int(pid)}:
                self._add(spec, pid)
            case {"spec": str(spec), "error": str(error)} if spec in self._starting:
                self._starting.pop(spec).set_exception(PodError(error))
            case {"pid": int(pid), "exit": int(code)} if pid in self._running:
                self._running.pop(pid).exit_code.set_result(code)
            case _ if not answer:
                self._listed.set()
            case _:
                # about a container that a former controller has started
                return

    def _add(self, spec: str, pid: int) -> None:
        running = Running(pid=pid, exit_code=asyncio.get_running_loop().create_future())
        if spec in self._starting:
            self._running[pid] = running
            self._starting.pop(spec).set_result(running)
        elif not self._listed.is_set():
            self._running[pid] = self._former[Path(spec)] = running
