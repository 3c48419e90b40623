"""The hook tools for leadership, options, the unit's own state, resources and the log."""

import dataclasses
import json
from typing import Any

import yaml

from paas_local.juju import events, resources
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags

_LEVELS = frozenset({"TRACE", "DEBUG", "INFO", "WARNING", "ERROR"})


def is_leader(call: Call) -> Reply:
    """Return whether the unit leads now; leadership may change during a hook."""
    return call.document(call.model.leads(call.context.unit))


def config_get(call: Call) -> Reply:
    """Return the options; those with neither a value nor a default are left out."""
    settings = call.context.snapshot.applications[call.context.application].settings
    key = call.arguments.word(0)
    if key and key != "-":
        return call.document(settings.get(key))
    return call.document(settings)


def juju_log(call: Call) -> Reply:
    """Write to the log; a level that Juju does not have, such as CRITICAL, becomes ERROR."""
    level = "DEBUG" if call.arguments.on("debug") else call.arguments.flags.get("log-level", "INFO").upper()
    return call.reply(log=((level if level in _LEVELS else "ERROR", " ".join(call.arguments.words)),))


def state_get(call: Call) -> Reply:
    """Return the unit's state, including the pending writes of this hook."""
    unit = call.model.unit(call.context.unit)
    stored = {**(unit.state if unit else {}), **call.writes.state}
    state = {key: value for key, value in stored.items() if value is not None}
    key = call.arguments.word(0)
    return call.document(state.get(key) if key and key != "-" else state)


def state_set(call: Call) -> Reply:
    """Set keys of the unit's state, from ``key=value`` words or from a file."""
    return call.writing(state={**call.writes.state, **pairs(call)})


def state_delete(call: Call) -> Reply:
    """Delete one key of the unit's state."""
    return call.writing(state={**call.writes.state, call.arguments.word(0): None})


def resource_get(call: Call) -> Reply:
    """Return the path, in the charm container, of a resource's file; that of an image describes it."""
    name, *others = call.arguments.words or ("",)
    if not name:
        raise JujuError("missing required resource name", code=BAD_ARGUMENTS)
    if others:
        raise JujuError(f"unrecognized args: {json.dumps(others)}", code=BAD_ARGUMENTS)
    application = call.context.snapshot.applications[call.context.application]
    if name not in application.resources:
        raise JujuError(f"could not download resource: resource#{application.name}/{name} not found")
    folder = f"{resources.folder(call.context.unit)}/{name}"
    reply = call.reply(f"{folder}/{resources.file_name(application.charm, name)}")
    return dataclasses.replace(reply, model=resources.download(call.model, call.context.unit, application, name))


def credential_get(_: Call) -> Reply:
    """Fail as in every Kubernetes model."""
    raise JujuError('credential-get on a "caas" model not supported')


def juju_reboot(call: Call) -> Reply:
    """Fail: a pod has no machine."""
    if isinstance(call.context.event, events.Run):
        raise JujuError("juju-reboot is not supported when running an action.")
    raise JujuError("juju-reboot is not supported on k8s")


def pairs(call: Call) -> dict[str, str]:
    """Return the ``key=value`` words over the mapping of ``--file``."""
    values: dict[str, str] = {}
    if "file" in call.arguments.flags:
        document: Any = yaml.safe_load(call.text(call.arguments.flags["file"])) or {}
        if not isinstance(document, dict):
            raise JujuError("expected a mapping", code=BAD_ARGUMENTS)
        values = {str(key): _text(value) for key, value in document.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # YAML
    for word in call.arguments.words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise JujuError(f'expected "key=value", got "{word}"', code=BAD_ARGUMENTS)
        values[key] = value
    return values


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def application_version_set(call: Call) -> Reply:
    """Set the workload's version; the last unit wins."""
    application = call.model.applications[call.context.application]
    changed = dataclasses.replace(application, version=call.arguments.word(0))
    applications = {**call.model.applications, application.name: changed}
    return call.changing(dataclasses.replace(call.model, applications=applications))


TOOLS = {
    "is-leader": Tool(run=is_leader, flags=flags()),
    "config-get": Tool(run=config_get, flags=flags(booleans=("all",), letters={"a": "all"})),
    "juju-log": Tool(run=juju_log, flags=flags("log-level", booleans=("debug",), letters={"l": "log-level"})),
    "application-version-set": Tool(run=application_version_set, flags=flags()),
    "state-get": Tool(run=state_get, flags=flags()),
    "state-set": Tool(run=state_set, flags=flags("file")),
    "state-delete": Tool(run=state_delete, flags=flags()),
    "resource-get": Tool(run=resource_get, flags=flags()),
    "credential-get": Tool(run=credential_get, flags=flags()),
    "juju-reboot": Tool(run=juju_reboot, flags=flags(booleans=("now",))),
}
