"""The protocol for python-libjuju, in a model of pytest-operator."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import protocol
import pytest
from juju.client.client import FullStatus
from juju.model import Model
from places import NEAR, Cluster, Place
from protocol import PATIENCE, Status, Value

if TYPE_CHECKING:
    from pytest_operator.plugin import OpsTest

DELAY = 2.0
Result = TypeVar("Result")


class LibjujuClient:
    """A model, driven by python-libjuju; the tests are not coroutines, so each call runs the event loop."""

    def __init__(self, model: Model, loop: asyncio.AbstractEventLoop, place: Place) -> None:
        self._model = model
        self._loop = loop
        self._place = place

    def deploy(
        self,
        charm: str,
        application: str,
        *,
        resources: Mapping[str, str],
        config: Mapping[str, Value],
        channel: str,
        trust: bool,
    ) -> None:
        """Deploy a charm: the path of a local one, or a name on Charmhub."""
        deployment = self._model.deploy(
            charm,
            application_name=application,
            resources=dict(resources) or None,
            config=dict(config) or None,
            channel=channel or None,
            trust=trust,
        )
        self._run(deployment)

    def integrate(self, one: str, other: str) -> None:
        """Integrate two applications."""
        self._run(self._model.integrate(one, other))

    def config(self, application: str, values: Mapping[str, Value], reset: Sequence[str] = ()) -> None:
        """Set some options, and reset others."""
        entry = self._model.applications[application]
        if values:
            # The library converts a boolean to Python's word for it.
            self._run(entry.set_config({name: _text(value) for name, value in values.items()}))
        if reset:
            self._run(entry.reset_config(list(reset)))

    def share_secret(self, name: str, content: Mapping[str, str], application: str) -> str:
        """Add a secret to the model, and grant it to an application; return its URI."""
        uri = self._run(self._model.add_secret(name, [f"{key}={value}" for key, value in content.items()]))
        self._run(self._model.grant_secret(name, application))
        return uri

    def run(self, application: str, action: str, parameters: Mapping[str, Value]) -> Mapping[str, Any]:
        """Run an action on the leader; return its results."""
        (leader,) = (name for name, unit in self.status()[application].units.items() if unit.leader)

        async def done() -> Any:
            return await (await self._model.units[leader].run_action(action, **parameters)).wait()

        finished = self._run(done())
        assert finished.status == "completed", f"{action}: {finished.status} {finished.results}"
        return finished.results

    def wait(self, ready: Callable[[Status], bool], patience: float = PATIENCE) -> Status:
        """Read the status until it is ready; return it."""
        deadline = time.monotonic() + patience
        while not ready(status := self.status()):
            assert time.monotonic() < deadline, f"{status}\n{self._place.log()[-8000:]}"
            self._run(asyncio.sleep(DELAY))
        return status

    def status(self) -> Status:
        """Read the status."""
        return _read(self._run(self._model.get_status()))

    def url(self, application: str) -> str:
        """Return a URL of the application's server that this machine reaches; raise ``OSError`` while it has none."""
        return self._place.url(application, self.status)

    def scale(self, application: str, units: int) -> None:
        """Set the number of units."""
        self._run(self._model.applications[application].scale(units))

    def refresh(self, application: str, charm: str, resources: Mapping[str, str]) -> None:
        """Replace the charm and the images."""
        self._run(self._model.applications[application].refresh(path=charm, resources=dict(resources)))

    def remove(self, application: str, other: str = "") -> None:
        """Remove an application or, with two names, their integration."""
        name, _, endpoint = application.partition(":")
        entry = self._model.applications[name]
        self._run(entry.remove_relation(endpoint, other) if other else entry.remove())

    def _run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self._loop.run_until_complete(coroutine)


@contextlib.contextmanager
def cluster(request: pytest.FixtureRequest) -> Generator[tuple[LibjujuClient, Cluster]]:
    """Yield the model of pytest-operator."""
    ops_test: OpsTest = request.getfixturevalue("ops_test")
    loop: asyncio.AbstractEventLoop = request.getfixturevalue("event_loop")
    assert ops_test.model
    loop.run_until_complete(ops_test.model.set_config(NEAR))
    place = Cluster(ops_test.model_full_name or "", request.config.option.charms)
    yield LibjujuClient(ops_test.model, loop, place), place


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read(status: FullStatus) -> Status:
    return {
        name: protocol.Application(
            revision=int(application.charm.rpartition("-")[2]),
            units={unit: _read_unit(entry) for unit, entry in (application.units or {}).items()},
        )
        for name, application in status.applications.items()
    }


def _read_unit(unit: Any) -> protocol.Unit:
    return protocol.Unit(
        status=unit.workload_status.status,
        message=unit.workload_status.info,
        idle=unit.agent_status.status == "idle",
        leader=bool(unit.leader),
        address=unit.address or "",
        ports=tuple(int(port.partition("/")[0]) for port in unit.opened_ports or ()),
    )
