"""The hook tools for statuses; they take effect at once, even if the hook fails."""

import dataclasses
from typing import Any

from paas_local.juju.errors import JujuError
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags
from paas_local.juju.model import Status, with_application, with_unit

_SETTABLE = ("maintenance", "blocked", "waiting", "active")


def status_set(call: Call) -> Reply:
    """Set the unit's status or, with ``--application``, the application's, which takes the leader."""
    current = call.arguments.word(0)
    if current not in _SETTABLE:
        raise JujuError(f'invalid status "{current}", expected one of {list(_SETTABLE)}', code=BAD_ARGUMENTS)
    message = " ".join(call.arguments.words[1:])
    if call.arguments.on("application"):
        _check_leader(call)
        application = call.model.applications[call.context.application]
        status = _set(application.status, current, message, call.now)
        return call.changing(with_application(call.model, dataclasses.replace(application, status=status)))
    unit = call.model.unit(call.context.unit)
    if unit is None:
        return call.reply()
    status = _set(unit.workload, current, message, call.now)
    return call.changing(with_unit(call.model, dataclasses.replace(unit, workload=status, charm_set_status=True)))


def status_get(call: Call) -> Reply:
    """Return the unit's status or, with ``--application``, that of the application and its units."""
    application = call.model.applications[call.context.application]
    full = call.arguments.on("include-data")
    if not call.arguments.on("application"):
        unit = call.model.unit(call.context.unit)
        status = unit.workload if unit else Status(current="unknown")
        return call.document(_entry(status) if full else status.current)
    _check_leader(call)
    status = application.status or Status(current="unknown")
    if not full:
        return call.document(status.current)
    units = {name: _entry(unit.workload) for name, unit in application.units.items()}
    return call.document({"application-status": {**_entry(status), "units": units}})


def _check_leader(call: Call) -> None:
    if not call.model.leads(call.context.unit):
        raise JujuError("this unit is not the leader")


def _set(old: Status | None, current: str, message: str, now: float) -> Status:
    if old and (old.current, old.message) == (current, message):
        return old
    return Status(current=current, message=message, since=now)


def _entry(status: Status) -> dict[str, Any]:
    return {"status": status.current, "message": status.message, "status-data": {}}


TOOLS = {
    "status-set": Tool(run=status_set, flags=flags(booleans=("application", "service"))),
    "status-get": Tool(run=status_get, flags=flags(booleans=("application", "service", "include-data"))),
}
