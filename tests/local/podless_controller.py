"""The real controller in a thread, on a machine whose pods never start, and jubilant with it."""

import asyncio
import contextlib
import sys
import threading
from collections.abc import Collection, Generator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

import jubilant
import pytest
from paas_local import folders
from paas_local.controller import daemon
from paas_local.controller.hook_tool_server import listen
from paas_local.pods import containers

PAAS_LOCAL = Path(sys.executable).with_name("paas-local")


class PodlessMachine:
    """A machine on which no pod ever runs."""

    async def start_pod(self, spec: containers.PodSpec) -> NoReturn:
        """Wait until the pod is no longer wanted."""
        await asyncio.get_running_loop().create_future()
        raise AssertionError(spec.unit)

    async def take_over_pod(self, spec: containers.PodSpec) -> None:
        """Find no pod of a former controller."""

    async def kill_other_pods(self, folders: Collection[Path]) -> None:
        """Kill nothing."""

    async def publish(self, port: int, preferred: int) -> int:
        """Publish nothing."""
        raise AssertionError((port, preferred))

    def route(self, host_port: int, addresses: Sequence[str]) -> None:
        """Route nothing."""
        raise AssertionError((host_port, addresses))

    async def unpublish(self, port: int) -> None:
        """Unpublish nothing."""
        raise AssertionError(port)

    async def close(self) -> None:
        """Close nothing."""


class Controller(threading.Thread):
    """The controller in a thread of its own."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True)
        self._home = home
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()

    def run(self) -> None:
        """Serve until the end of the tests."""
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        controller = daemon.Daemon(self._home, PodlessMachine())
        async with daemon.serving(controller, listen(self._home / folders.SOCKET)):
            self._ready.set()
            await self._ended.wait()

    def __enter__(self) -> None:
        """Wait until the controller listens."""
        self.start()
        assert self._ready.wait(30)

    def __exit__(self, *error: object) -> None:
        """End the thread."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self.join()


@contextlib.contextmanager
def controller(cache: Path) -> Generator[None]:
    """Run a controller for the duration of the block, in a home of its own."""
    with TemporaryDirectory(prefix="paas-") as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAAS_LOCAL_HOME", home)
        patch.setenv("XDG_CACHE_HOME", str(cache))
        for variable in ("JUJU_MODEL", "PAAS_LOCAL_PEBBLE", "COVERAGE_PROCESS_CONFIG"):
            patch.delenv(variable, raising=False)
        with Controller(Path(home)):
            yield


def error(juju: jubilant.Juju, *words: str) -> tuple[str, int]:
    """Return the error and the exit code of a command."""
    with pytest.raises(jubilant.CLIError) as raised:
        juju.cli(*words)
    return raised.value.stderr, raised.value.returncode
