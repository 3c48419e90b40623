"""Which unit an operator means."""

from paas_local.juju.errors import Refused
from paas_local.juju.model import Model, Unit


def named_unit(model: Model, name: str) -> Unit:
    """Find a unit; ``a/leader`` is whichever leads."""
    application, _, number = name.partition("/")
    if number == "leader" and application in model.applications:
        leader = model.applications[application].leader
        if leader is None:
            raise Refused(f'could not determine leader for "{application}"')
        name = leader
    unit = model.unit(name)
    if unit is None:
        raise Refused(f'unit "{name}" not found')
    return unit
