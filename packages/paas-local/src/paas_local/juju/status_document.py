"""The document of ``juju status --format json``, in the shape that Juju's clients parse."""

from typing import Any

from paas_local.juju import events, open_ports, timestamps
from paas_local.juju.model import Application, Model, Relation, Status, Unit, order
from paas_local.juju.names import CONTROLLER, pod_name, storage_folder

CONTROLLER_UUID = "7c8f5f8e-3f51-4a6b-9d0f-5b7c2f0a1e36"
REGION = "localhost"
# The worst first: an application whose leader has set no status has its worst unit's.
SEVERITY = ("error", "blocked", "maintenance", "waiting", "active", "terminated", "unknown")
SPACE = "alpha"


def document(model: Model, now: float) -> dict[str, Any]:
    """Return the status document of a model."""
    applications = sorted(model.applications.values(), key=_by_name)
    return {
        "model": {
            "name": model.name,
            "type": "caas",
            "controller": CONTROLLER,
            "cloud": CONTROLLER,
            "region": REGION,
            "version": model.agent_version,
            "model-status": {"current": "available", "since": timestamps.status(model.since)},
            "sla": "unsupported",
        },
        "machines": {},
        "applications": {item.name: _application(model, item) for item in applications},
        "storage": _storage(model),
        "controller": {"timestamp": timestamps.controller(now)},
    }


def workload(model: Model, unit: Unit) -> Status:
    """Return the workload status; a failed hook hides the charm's status until the hook is retried."""
    if unit.pod_error:
        return Status(current="error", message=unit.pod_error, since=unit.agent.since)
    if unit.failure is None or not (unit.running is None or isinstance(unit.running, events.Run)):
        return unit.workload
    event = unit.failure.event
    message = f'hook failed: "{events.hook(event)}"'
    if isinstance(event, events.Related):
        message += f" for {_remote(model, event)}"
    return Status(current="error", message=message, since=unit.failure.since)


def application_status(model: Model, application: Application) -> Status:
    """Return the application status: the leader's or the worst unit's, unless missing units make it wait."""
    units = [workload(model, unit) for unit in application.units.values()]
    status = application.status or _worst(units)
    provisioning = _provisioning(application)
    if provisioning is None:
        return status
    difference = SEVERITY.index(status.current) - SEVERITY.index(provisioning.current)
    # of equally bad ones, the leader's status wins and one derived from units does not
    return status if difference < 0 or (difference == 0 and application.status) else provisioning


def _worst(units: list[Status]) -> Status:
    unknown = Status(current="unknown")
    return min(units, key=_severity, default=unknown)


def _severity(status: Status) -> tuple[int, float]:
    return SEVERITY.index(status.current), -status.since


def _provisioning(application: Application) -> Status | None:
    alive = [unit for unit in application.units.values() if unit.life == "alive"]
    ready = [unit for unit in alive if unit.local_state.installed or unit.running is not None]
    if application.life == "dying" or len(ready) >= application.scale:
        return None
    message = "waiting for units to settle down" if ready else "installing agent"
    return Status(current="waiting", message=message, since=application.since)


def _by_name(application: Application) -> str:
    return application.name


def _application(model: Model, application: Application) -> dict[str, Any]:
    charm = application.charm
    base, _, channel = charm.base.partition("@")
    entry: dict[str, Any] = {
        "charm": f"local:{charm.name}-{charm.revision}",
        "base": {"name": base, "channel": channel},
        "charm-origin": "local",
        "charm-name": charm.name,
        "charm-rev": charm.revision,
        "exposed": application.exposed,
        "application-status": status_entry(application_status(model, application)),
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
    return entry | {key: value for key, value in optional.items() if value}


def service_address(application: Application) -> str:
    """Return the application's address: its leader's, or its first running unit's."""
    units = sorted((unit for unit in application.units.values() if unit.pod), key=_by_number)
    leader = [unit for unit in units if unit.name == application.leader]
    return next((unit.address for unit in (*leader, *units)), "")


def _by_number(unit: Unit) -> tuple[str, int]:
    return order(unit.name)


def _relations(model: Model, application: Application) -> dict[str, list[dict[str, str]]]:
    entries: dict[str, list[dict[str, str]]] = {}
    for relation in model.relations_of(application.name):
        if relation.is_to_offer:
            continue
        for end in relation.ends:
            if end.application == application.name:
                entries.setdefault(end.endpoint, []).append(_related(relation, application.name))
    return dict(sorted(entries.items()))


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
    agent = status_entry(unit.agent)
    if unit.agent.current != "allocating":
        agent["version"] = model.agent_version
    if unit.life == "dying":
        agent["life"] = "dying"
    entry: dict[str, Any] = {
        "workload-status": status_entry(workload(model, unit)),
        "juju-status": agent,
        "provider-id": pod_name(unit.name),
    }
    optional: dict[str, Any] = {
        "leader": model.leads(unit.name) and unit.local_state.leader_elected,
        "open-ports": open_ports.names(unit.ports),
        "address": unit.address if unit.pod else "",
    }
    return entry | {key: value for key, value in optional.items() if value}


def status_entry(status: Status) -> dict[str, Any]:
    """Return the entry of a status: without a message, the key is left out."""
    entry = {"current": status.current, "since": timestamps.status(status.since)}
    return {**entry, "message": status.message} if status.message else entry


def _remote(model: Model, event: events.Related) -> str:
    relation = model.relations.get(event.relation)
    other = [end for end in relation.ends if end.application == event.application] if relation else []
    return f"{event.application}:{other[0].endpoint if other else event.endpoint}"


def _storage(model: Model) -> dict[str, Any]:
    storages = {storage: _attachment(unit, storage) for unit in model.units if unit.pod for storage in unit.storage}
    return {"storage": storages} if storages else {}


def _attachment(unit: Unit, storage: str) -> dict[str, Any]:
    return {
        "kind": "filesystem",
        "life": unit.life,
        "status": {"current": "attached", "since": timestamps.status(unit.workload.since)},
        "persistent": True,
        "attachments": {
            "units": {
                unit.name: {"location": storage_folder(storage), "life": unit.life},
            }
        },
    }
