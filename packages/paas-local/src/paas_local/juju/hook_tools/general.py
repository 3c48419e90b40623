"""What a charm asks about itself: leadership, options, its own small store, resources, the log."""

import dataclasses
from typing import Any

import yaml

from paas_local.juju.errors import Refused
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags

LEVELS = {"TRACE": "TRACE", "DEBUG": "DEBUG", "INFO": "INFO", "WARNING": "WARNING", "ERROR": "ERROR"}


def is_leader(call: Call) -> Reply:
    """Leadership is asked of the model as it is now, not of the hook's beginning."""
    return call.document(call.model.leads(call.context.unit))


def config_get(call: Call) -> Reply:
    """Options without default that nobody set are left out."""
    settings = call.context.snapshot.applications[call.context.application].settings
    key = call.arguments.word(0)
    if key and key != "-":
        return call.document(settings.get(key))
    return call.document(settings)


def juju_log(call: Call) -> Reply:
    """Levels that Juju does not know, such as CRITICAL, are errors."""
    level = "DEBUG" if call.arguments.on("debug") else call.arguments.flags.get("log-level", "INFO").upper()
    return call.reply(log=((LEVELS.get(level, "ERROR"), " ".join(call.arguments.words)),))


def state_get(call: Call) -> Reply:
    """Read the unit's store; what this hook wrote is seen."""
    unit = call.model.unit(call.context.unit)
    stored = {**(unit.state if unit else {}), **call.writes.state}
    shown = {key: value for key, value in stored.items() if value is not None}
    key = call.arguments.word(0)
    return call.document(shown.get(key) if key and key != "-" else shown)


def state_set(call: Call) -> Reply:
    """Pairs, or a mapping in a file."""
    return call.writing(state={**call.writes.state, **pairs(call)})


def state_delete(call: Call) -> Reply:
    """Forget one key."""
    return call.writing(state={**call.writes.state, call.arguments.word(0): None})


def resource_get(call: Call) -> Reply:
    """Give the path of an image's description, which lies in the charm container."""
    name = call.arguments.word(0)
    application = call.context.snapshot.applications[call.context.application]
    if name not in application.resources:
        raise Refused(f"could not download resource: resource {name!r} not found")
    return call.reply(resource_path(call.context.unit, name))


def resource_path(unit: str, name: str) -> str:
    """Name the file of an image, as a charm sees it."""
    return f"/var/lib/juju/agents/unit-{unit.replace('/', '-')}/charm/.resources/{name}.yaml"


def credential_get(_: Call) -> Reply:
    """Only machine models have credentials to give."""
    raise Refused('credential-get on a "caas" model not supported')


def juju_reboot(_: Call) -> Reply:
    """Refuse: a pod is not a machine."""
    raise Refused("juju-reboot is not supported on k8s")


def pairs(call: Call) -> dict[str, str]:
    """Read ``key=value`` words, and the mapping of ``--file``."""
    found: dict[str, str] = {}
    if "file" in call.arguments.flags:
        document: Any = yaml.safe_load(call.text(call.arguments.flags["file"])) or {}
        if not isinstance(document, dict):
            raise Refused("expected a mapping", code=BAD_ARGUMENTS)
        found = {str(key): _text(value) for key, value in document.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # YAML
    for word in call.arguments.words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise Refused(f'expected "key=value", got "{word}"', code=BAD_ARGUMENTS)
        found[key] = value
    return found


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def application_version_set(call: Call) -> Reply:
    """Set the version of the workload; the unit that spoke last wins."""
    application = call.model.applications[call.context.application]
    changed = dataclasses.replace(application, version=call.arguments.word(0))
    applications = {**call.model.applications, application.name: changed}
    return call.doing(dataclasses.replace(call.model, applications=applications))


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
