"""Which names resolve in the pods of a model: the text of their ``/etc/hosts``.

Kubernetes' DNS would answer these. Besides each unit's own name and the application's service there are the two
services that the postgresql charm makes for itself and gives to its clients as endpoints, ``-primary`` and
``-replicas``: they are answered for every application, with the leader, so that nothing here has to know a charm.
So is ``<application>.<model>.localhost``, which browsers outside take for the machine itself, where the ports of
the application are published: an address with it is good on both sides.
"""

from collections.abc import Iterator

from paas_local.juju.model import Application, Model, fqdn
from paas_local.juju.status_document import service_address


def text(model: Model) -> str:
    """Write the file."""
    lines = ["127.0.0.1 localhost", "::1 localhost"]
    for application in model.applications.values():
        lines += _lines(model, application)
    return "".join(f"{line}\n" for line in lines)


def _lines(model: Model, application: Application) -> Iterator[str]:
    for unit in application.units.values():
        # the first name is the one that a reverse look-up gives: socket.getfqdn() asks for it
        yield f"{unit.address} {fqdn(model.name, unit.name)} {unit.name.replace('/', '-')}"
    address = service_address(application)
    if address:
        cluster = f"{model.name}.svc.cluster.local"
        names = [application.name, f"{application.name}.{model.name}", f"{application.name}.{cluster}"]
        names.append(f"{application.name}.{model.name}.localhost")
        for ending in ("endpoints", "primary", "replicas"):
            names += [f"{application.name}-{ending}", f"{application.name}-{ending}.{cluster}"]
        yield f"{address} {' '.join(names)}"
