"""What ``juju status --format json`` says of a model; the shape is what Juju's clients parse."""

from typing import Any

from paas_local.juju import events, timestamps
from paas_local.juju.model import Application, Model, Relation, Status, Unit, order

VERSION = "3.6.11"
CONTROLLER = "local"
REGION = "localhost"
# The first of them that any unit has is the application's, as long as its leader has not said anything.
SEVERITY = ("error", "blocked", "maintenance", "waiting", "active", "terminated", "unknown")
SPACE = "alpha"


def document(model: Model, now: float) -> dict[str, Any]:
    """Answer ``juju status`` for a whole model."""
    applications = sorted(model.applications.values(), key=_by_name)
    return {
        "model": {
            "name": model.name,
            "type": "caas",
            "controller": CONTROLLER,
            "cloud": CONTROLLER,
            "region": REGION,
            "version": VERSION,
            "model-status": {"current": "available", "since": timestamps.since(model.since)},
            "sla": "unsupported",
        },
        "machines": {},
        "applications": {item.name: _application(model, item) for item in applications},
        "storage": _storage(model),
        "controller": {"timestamp": timestamps.clock(now)},
    }


def workload(model: Model, unit: Unit) -> Status:
    """Say how the workload is: the failed hook, as long as it is not run again, hides what the charm said."""
    if unit.trouble:
        return Status(current="error", message=unit.trouble, since=unit.agent.since)
    if unit.failure is None or not (unit.running is None or isinstance(unit.running, events.Run)):
        return unit.workload
    event = unit.failure.event
    message = f'hook failed: "{events.hook(event)}"'
    if isinstance(event, events.Related):
        message += f" for {_remote(model, event)}"
    return Status(current="error", message=message, since=unit.failure.since)


def application_status(model: Model, application: Application) -> Status:
    """Say how an application is: its leader's words or its worst unit, unless it is still being provided."""
    units = [workload(model, unit) for unit in application.units.values()]
    said = application.status or _worst(units)
    provided = _provided(application)
    if provided is None:
        return said
    worse = SEVERITY.index(said.current) - SEVERITY.index(provided.current)
    # what the leader said stands against an equally bad state of the provider, what follows from units does not
    return said if worse < 0 or (worse == 0 and application.status) else provided


def _worst(units: list[Status]) -> Status:
    unknown = Status(current="unknown")
    return min(units, key=_severity, default=unknown)


def _severity(status: Status) -> tuple[int, float]:
    return SEVERITY.index(status.current), -status.since


def _provided(application: Application) -> Status | None:
    alive = [unit for unit in application.units.values() if unit.life == "alive"]
    ready = [unit for unit in alive if unit.seen.installed or unit.running is not None]
    if application.life == "dying" or len(ready) >= application.scale:
        return None
    settling = "waiting for units to settle down" if ready else "installing agent"
    return Status(current="waiting", message=settling, since=application.since)


def _by_name(application: Application) -> str:
    return application.name


def _application(model: Model, application: Application) -> dict[str, Any]:
    charm = application.charm
    base, _, channel = charm.base.partition("@")
    shown: dict[str, Any] = {
        "charm": f"local:{charm.name}-{charm.revision}",
        "base": {"name": base, "channel": channel},
        "charm-origin": "local",
        "charm-name": charm.name,
        "charm-rev": charm.revision,
        "exposed": False,
        "application-status": _status(application_status(model, application)),
        "endpoint-bindings": {"": SPACE} | dict.fromkeys(sorted(charm.endpoints), SPACE),
    }
    address = service_address(application)
    optional = {
        "scale": application.scale,
        "provider-id": application.provider_id if address else "",
        "address": address,
        "life": "" if application.life == "alive" else application.life,
        "relations": _relations(model, application),
        "units": _units(model, application),
        "version": application.version,
    }
    return shown | {key: value for key, value in optional.items() if value}


def service_address(application: Application) -> str:
    """Give the address that stands for the application: its leader's, else its first running unit's."""
    units = sorted((unit for unit in application.units.values() if unit.pod), key=_by_number)
    leader = [unit for unit in units if unit.name == application.leader]
    return next((unit.address for unit in (*leader, *units)), "")


def _by_number(unit: Unit) -> tuple[str, int]:
    return order(unit.name)


def _relations(model: Model, application: Application) -> dict[str, list[dict[str, str]]]:
    shown: dict[str, list[dict[str, str]]] = {}
    for relation in model.relations_of(application.name):
        for side in relation.sides:
            if side.application == application.name:
                shown.setdefault(side.endpoint, []).append(_related(relation, application.name))
    return dict(sorted(shown.items()))


def _related(relation: Relation, application: str) -> dict[str, str]:
    return {
        "related-application": relation.remote(application).application,
        "interface": relation.interface,
        "scope": "global",
    }


def _units(model: Model, application: Application) -> dict[str, Any]:
    units = sorted(application.units.values(), key=_by_number)
    return {unit.name: _unit(model, unit) for unit in units}


def _unit(model: Model, unit: Unit) -> dict[str, Any]:
    agent = _status(unit.agent)
    if unit.agent.current != "allocating":
        agent["version"] = VERSION
    if unit.life == "dying":
        agent["life"] = "dying"
    shown: dict[str, Any] = {
        "workload-status": _status(workload(model, unit)),
        "juju-status": agent,
        "provider-id": unit.name.replace("/", "-"),
    }
    optional: dict[str, Any] = {
        "leader": model.leads(unit.name) and unit.seen.leader,
        "open-ports": sorted(unit.ports, key=_by_port),
        "address": unit.address if unit.pod else "",
    }
    return shown | {key: value for key, value in optional.items() if value}


def _by_port(port: str) -> tuple[int, str]:
    number = port.partition("/")[0].partition("-")[0]
    return int(number) if number.isdecimal() else 0, port


def _status(status: Status) -> dict[str, Any]:
    shown = {"current": status.current, "since": timestamps.since(status.since)}
    return {**shown, "message": status.message} if status.message else shown


def _remote(model: Model, event: events.Related) -> str:
    relation = model.relations.get(event.relation)
    other = [side for side in relation.sides if side.application == event.application] if relation else []
    return f"{event.application}:{other[0].endpoint if other else event.endpoint}"


def _storage(model: Model) -> dict[str, Any]:
    storages = {storage: _stored(unit, storage) for unit in model.units if unit.pod for storage in unit.storage}
    return {"storage": storages} if storages else {}


def _stored(unit: Unit, storage: str) -> dict[str, Any]:
    return {
        "kind": "filesystem",
        "life": unit.life,
        "status": {"current": "attached", "since": timestamps.since(unit.workload.since)},
        "persistent": True,
        "attachments": {
            "units": {
                unit.name: {"location": f"/var/lib/juju/storage/{storage}", "life": unit.life},
            }
        },
    }
