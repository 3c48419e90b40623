"""The ``/etc/hosts`` of a model's pods, in place of Kubernetes' DNS.

It has each unit's name and, with the leader's address, these names of each application:

- its service;
- ``-primary`` and ``-replicas``, services that database charms create and pass to their clients;
- ``<application>.<model>.localhost``: outside the pods, browsers resolve it to the host, where the application's
  ports are published, so a URL with it works inside and outside.

The names with a model in them are also there for the models that it has relations with.
"""

from collections.abc import Iterable, Iterator

from paas_local.juju.model import Application, Model
from paas_local.juju.names import cluster_name, fqdn, pod_name
from paas_local.juju.status_document import service_address


def text(model: Model, connected: Iterable[Model] = ()) -> str:
    """Return the content of the file; ``connected`` are the models with relations to the model."""
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for application in model.applications.values():
        lines += _lines(model, application)
    for other in connected:
        for application in other.applications.values():
            lines += _full_names(_lines(other, application))
    return "".join(f"{line}\n" for line in lines)


def _full_names(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        address, *names = line.split(" ")
        yield " ".join([address, *(name for name in names if "." in name)])


def _lines(model: Model, application: Application) -> Iterator[str]:
    for unit in application.units.values():
        # a reverse look-up returns the first name: socket.getfqdn() needs it
        yield f"{unit.address} {fqdn(model.name, unit.name)} {pod_name(unit.name)}"
    address = service_address(application)
    if address:
        service = f"{application.name}.{model.name}"
        names = [application.name, service, cluster_name(model.name, application.name), f"{service}.localhost"]
        for ending in ("endpoints", "primary", "replicas"):
            service = f"{application.name}-{ending}"
            names += [service, cluster_name(model.name, service)]
        yield f"{address} {' '.join(names)}"
