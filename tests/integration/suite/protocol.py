"""The operations of the integration tests, for any client of Juju."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

PATIENCE = 240.0
Value = str | int | bool


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A unit, as the status shows it."""

    status: str
    message: str
    idle: bool
    leader: bool
    address: str
    ports: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Application:
    """An application, as the status shows it."""

    revision: int
    """Revision of its charm."""
    units: Mapping[str, Unit]


Status = Mapping[str, Application]
"""Applications of a model by name."""


class Juju(Protocol):
    """A client of Juju with one model. An application's name may be followed by a colon and an endpoint."""

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
        ...

    def integrate(self, one: str, other: str) -> None:
        """Integrate two applications."""
        ...

    def config(self, application: str, values: Mapping[str, Value], reset: Sequence[str] = ()) -> None:
        """Set some options, and reset others."""
        ...

    def share_secret(self, name: str, content: Mapping[str, str], application: str) -> str:
        """Add a secret to the model, and grant it to an application; return its URI."""
        ...

    def run(self, application: str, action: str, parameters: Mapping[str, Value]) -> Mapping[str, Any]:
        """Run an action on the leader; return its results."""
        ...

    def wait(self, ready: Callable[[Status], bool], patience: float = PATIENCE) -> Status:
        """Read the status until it is ready; return it."""
        ...

    def status(self) -> Status:
        """Read the status."""
        ...

    def url(self, application: str) -> str:
        """Return a URL of the application's server that this machine reaches; raise ``OSError`` while it has none."""
        ...

    def scale(self, application: str, units: int) -> None:
        """Set the number of units."""
        ...

    def refresh(self, application: str, charm: str, resources: Mapping[str, str]) -> None:
        """Replace the charm and the images."""
        ...

    def remove(self, application: str, other: str = "") -> None:
        """Remove an application or, with two names, their integration."""
        ...
