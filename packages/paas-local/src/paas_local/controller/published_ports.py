"""Which ports of a model are to be reached from the machine itself: the open TCP ports of each application's leader."""

from collections.abc import Iterator
from dataclasses import dataclass

from paas_local.juju.model import Model
from paas_local.juju.status_document import service_address

# What is no HTTP server gets no http:// in front: a browser would only be misled.
NOT_HTTP = {3306: "mysql", 5432: "postgresql", 5672: "amqp", 6379: "redis", 27017: "mongodb"}


@dataclass(frozen=True, kw_only=True)
class Port:
    """One port of one application, where it is at the moment."""

    model: str
    application: str
    address: str
    number: int

    def url(self, number: int) -> str:
        """Say how it is reached through a port of the machine."""
        return f"{NOT_HTTP.get(self.number, 'http')}://127.0.0.1:{number}"


def wanted(model: Model) -> Iterator[Port]:
    """List the ports that should be published."""
    for application in model.applications.values():
        address = service_address(application)
        ports = {port for unit in application.units.values() if unit.address == address for port in unit.ports}
        for port in sorted(ports):
            numbers, _, protocol = port.partition("/")
            if protocol == "tcp" and numbers.isdecimal():
                yield Port(model=model.name, application=application.name, address=address, number=int(numbers))
