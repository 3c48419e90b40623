"""The published ports: the open TCP ports of each application, reachable on the host.

A connection goes to a unit that answers, as with a service of Kubernetes.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from paas_local.controller.machine import Machine
from paas_local.controller.storage import State
from paas_local.juju import open_ports
from paas_local.juju.model import Model
from paas_local.pods.bridge import NetworkError

RETRY_PAUSE = 5.0
_INGRESS = "traefik-k8s"
_HTTPS = range(32000, 32768)
"""Node ports on which the built-in ingress speaks HTTPS."""
# a browser cannot open these: their URLs do not begin with http://
_SCHEMES = {1025: "smtp", 3306: "mysql", 5432: "postgresql", 5672: "amqp", 6379: "redis", 27017: "mongodb"}


@dataclass(frozen=True, kw_only=True)
class Port:
    """One port of one application."""

    model: str
    application: str
    number: int
    https: bool = False

    def url(self, number: int) -> str:
        """Return the URL of the port, published as a port of the host."""
        scheme = "https" if self.https else _SCHEMES.get(self.number, "http")
        return f"{scheme}://127.0.0.1:{number}"


def ports_to_publish(model: Model) -> Mapping[Port, tuple[str, ...]]:
    """Return the ports of a model that should be published, each with the addresses of the units that open it."""
    addresses: dict[Port, tuple[str, ...]] = {}
    for unit in model.units:
        is_ingress = model.applications[unit.application].charm.name == _INGRESS
        for text in open_ports.names(unit.ports):
            number, _, protocol = text.partition("/")
            if protocol == "tcp" and number.isdecimal():
                https = is_ingress and int(number) in _HTTPS
                port = Port(model=model.name, application=unit.application, number=int(number), https=https)
                addresses[port] = (*addresses.get(port, ()), unit.address)
    return addresses


class Publisher:
    """Publishes the ports of all models, and retries those that the host has no free port for."""

    def __init__(self, machine: Machine, state: State, failed: Callable[[Port, str], None]) -> None:
        self._machine = machine
        self._state = state
        self._failed = failed
        # the port of the host, or the reason why there is none
        self._ports: dict[Port, int | str] = {}

    def urls(self, model: str) -> dict[str, dict[str, str]]:
        """Return the URLs of a model's applications by their ports, as ``8000/tcp``."""
        urls: dict[str, dict[str, str]] = {}
        for port, number in sorted(self._ports.items(), key=lambda item: item[0].number):
            if port.model == model and isinstance(number, int):
                urls.setdefault(port.application, {})[f"{port.number}/tcp"] = port.url(number)
        return urls

    def unreachable(self, model: str) -> dict[str, str]:
        """Return the reasons why applications with an open port have no URL, and what to do about it."""
        return {
            port.application: f"{reason}; free one of them, it is tried again every few seconds"
            for port, reason in self._ports.items()
            if port.model == model and isinstance(reason, str)
        }

    async def run(self, models: Callable[[], Iterable[Model]], changed: Callable[[], asyncio.Event]) -> None:
        """Publish and unpublish ports after each change of a model; end only when cancelled."""
        while True:
            change = changed()
            ports = {port: addresses for model in models() for port, addresses in ports_to_publish(model).items()}
            for port in [port for port in self._ports if port not in ports]:
                number = self._ports.pop(port)
                if isinstance(number, int):
                    await self._machine.unpublish(number)
            missing = [port for port in ports if not isinstance(self._ports.get(port), int)]
            for port in sorted(missing, key=lambda port: (port.model, port.application)):
                self._ports[port] = await self._publish(port)
            for port, number in self._ports.items():
                if isinstance(number, int):
                    self._machine.route(number, ports[port])
            # no event says that another program has closed a port
            pause = RETRY_PAUSE if any(isinstance(each, str) for each in self._ports.values()) else None
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(change.wait(), pause)

    async def _publish(self, port: Port) -> int | str:
        preferred = self._state.host_port(port.model, port.application, port.number) or port.number
        try:
            number = await self._machine.publish(port.number, preferred)
        except NetworkError as error:
            if self._ports.get(port) != str(error):
                self._failed(port, str(error))
            return str(error)
        self._state.keep_host_port(port.model, port.application, port.number, number)
        return number
