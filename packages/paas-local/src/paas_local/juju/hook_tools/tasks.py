"""The hook tools for actions; they take effect at once, even if the action's process fails."""

import dataclasses
import re

from paas_local.juju import actions, events
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_tools.call import BAD_ARGUMENTS, Call, Reply, Tool, flags
from paas_local.juju.model import Task, with_task

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_RESERVED = frozenset({"stdout", "stdout-encoding", "stderr", "stderr-encoding"})


def action_get(call: Call) -> Reply:
    """Return the parameters, completed by their defaults; dots in a key descend into a mapping."""
    value: object = actions.parameters(call.model, _task(call))
    for key in call.arguments.word(0).split(".") if call.arguments.words else ():
        value = value.get(key) if isinstance(value, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]  # JSON
    return call.document(value)


def action_set(call: Call) -> Reply:
    """Set results; a later value wins."""
    task = _task(call)
    results = task.results
    for word in call.arguments.words:
        key, equals, value = word.partition("=")
        if not equals:
            raise JujuError(f'argument "{word}" must be of the form key...=value', code=BAD_ARGUMENTS)
        if key in _RESERVED:
            raise JujuError(f'cannot set reserved action key "{key}"')
        for part in key.split("."):
            if not _KEY.fullmatch(part):
                raise JujuError(
                    f'key "{part}" must start and end with lowercase alphanumeric, '
                    "and contain only lowercase alphanumeric and hyphens"
                )
        results = actions.nested(results, key, value)
    return _with_task(call, dataclasses.replace(task, results=results))


def action_fail(call: Call) -> Reply:
    """Mark the action as failed, whatever its process exits with."""
    message = " ".join(call.arguments.words) or "action failed without reason given, check action for errors"
    return _with_task(call, dataclasses.replace(_task(call), failed=True, message=message))


def action_log(call: Call) -> Reply:
    """Add a line to the action's log."""
    task = _task(call)
    line = (call.now, " ".join(call.arguments.words))
    return _with_task(call, dataclasses.replace(task, log=(*task.log, line)))


def _task(call: Call) -> Task:
    event = call.context.event
    if not isinstance(event, events.Run) or event.action == actions.JUJU_EXEC:
        raise JujuError("not running an action")
    return call.model.tasks[event.task]


def _with_task(call: Call, task: Task) -> Reply:
    return call.changing(with_task(call.model, task))


TOOLS = {
    "action-get": Tool(run=action_get, flags=flags()),
    "action-set": Tool(run=action_set, flags=flags()),
    "action-fail": Tool(run=action_fail, flags=flags()),
    "action-log": Tool(run=action_log, flags=flags()),
}
