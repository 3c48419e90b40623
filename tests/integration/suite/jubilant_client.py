"""The protocol for jubilant, which runs a ``juju`` program."""

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import jubilant
import protocol
import pytest
from deployment import PAAS_LOCAL, new_home
from places import NEAR, Cluster, PaasLocal, Place
from protocol import PATIENCE, Status, Value

# A status is a process, which costs more than a later answer.
DELAY = 3.0


class JubilantClient:
    """A model, driven by jubilant."""

    def __init__(self, juju: jubilant.Juju, place: Place) -> None:
        self._juju = juju
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
        self._juju.deploy(
            charm, application, resources=dict(resources), config=dict(config), channel=channel or None, trust=trust
        )

    def integrate(self, one: str, other: str) -> None:
        """Integrate two applications."""
        self._juju.integrate(one, other)

    def config(self, application: str, values: Mapping[str, Value], reset: Sequence[str] = ()) -> None:
        """Set some options, and reset others."""
        self._juju.config(application, dict(values), reset=list(reset))

    def share_secret(self, name: str, content: Mapping[str, str], application: str) -> str:
        """Add a secret to the model, and grant it to an application; return its URI."""
        uri = self._juju.add_secret(name, dict(content))
        self._juju.grant_secret(uri, application)
        return str(uri)

    def run(self, application: str, action: str, parameters: Mapping[str, Value]) -> Mapping[str, Any]:
        """Run an action on the leader; return its results."""
        return self._juju.run(f"{application}/leader", action, dict(parameters)).results

    def wait(self, ready: Callable[[Status], bool], patience: float = PATIENCE) -> Status:
        """Read the status until it is ready; return it."""

        def failed(status: jubilant.Status) -> bool:
            return self._place.hooks_never_fail and jubilant.any_error(status)

        try:
            status = self._juju.wait(
                lambda status: ready(_read(status)), error=failed, delay=DELAY, timeout=patience, successes=1
            )
        except (jubilant.WaitError, TimeoutError) as error:
            raise AssertionError(f"{error}\n{self._place.log()[-8000:]}") from error
        return _read(status)

    def status(self) -> Status:
        """Read the status."""
        return _read(self._juju.status())

    def url(self, application: str) -> str:
        """Return a URL of the application's server that this machine reaches; raise ``OSError`` while it has none."""
        return self._place.url(application, self.status)

    def scale(self, application: str, units: int) -> None:
        """Set the number of units."""
        more = units - len(self.status()[application].units)
        if more > 0:
            self._juju.add_unit(application, num_units=more)
        elif more < 0:
            self._juju.remove_unit(application, num_units=-more)

    def refresh(self, application: str, charm: str, resources: Mapping[str, str]) -> None:
        """Replace the charm and the images."""
        self._juju.refresh(application, path=charm, resources=dict(resources))

    def remove(self, application: str, other: str = "") -> None:
        """Remove an application or, with two names, their integration."""
        if other:
            self._juju.remove_relation(application, other)
        else:
            self._juju.remove_application(application)


@contextlib.contextmanager
def this_machine(request: pytest.FixtureRequest) -> Generator[tuple[JubilantClient, PaasLocal]]:
    """Yield a new model of paas-local."""
    with new_home() as deployment, pytest.MonkeyPatch.context() as patch:
        deployment("add-model", "test", "--no-switch")
        # Coverage doubles the time of a command; the background process, which has started, is measured.
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        patch.setenv("PAAS_LOCAL_HOME", str(deployment.home))
        wheels, previous = (request.getfixturevalue(name) for name in ("wheels", "previous_wheels"))
        place = PaasLocal(deployment, wheels, previous)
        yield _client(jubilant.Juju(model="test", cli_binary=PAAS_LOCAL), place), place


@contextlib.contextmanager
def cluster(request: pytest.FixtureRequest) -> Generator[tuple[JubilantClient, Cluster]]:
    """Yield a new model on a cluster."""
    with jubilant.temp_model() as juju:
        place = Cluster(juju.model or "", request.config.option.charms)
        yield _client(juju, place), place


def _client(juju: jubilant.Juju, place: Place) -> JubilantClient:
    juju.model_config(NEAR)
    return JubilantClient(juju, place)


def _read(status: jubilant.Status) -> Status:
    return {
        name: protocol.Application(
            revision=application.charm_rev,
            units={unit: _read_unit(entry) for unit, entry in application.units.items()},
        )
        for name, application in status.apps.items()
    }


def _read_unit(unit: jubilant.statustypes.UnitStatus) -> protocol.Unit:
    return protocol.Unit(
        status=unit.workload_status.current,
        message=unit.workload_status.message,
        idle=unit.juju_status.current == "idle",
        leader=unit.leader,
        address=unit.address,
        ports=tuple(int(port.partition("/")[0]) for port in unit.open_ports),
    )
