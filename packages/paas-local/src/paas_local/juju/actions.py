"""How a task of an operator runs its course: checked, waiting, running, done; and how it is shown."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from paas_local.juju import timestamps
from paas_local.juju.errors import Refused
from paas_local.juju.model import Action, Model, Task, Unit, with_task
from paas_local.juju.names import named_unit

JUJU_EXEC = "juju-exec"
KEPT_TASKS = 100
JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exit:
    """How the process of a task ended."""

    code: int
    stdout: str = ""
    stderr: str = ""


def enqueue(model: Model, name: str, action: str, params: Mapping[str, Any], now: float) -> tuple[Model, Task]:
    """Let a unit run one of its actions."""
    unit = named_unit(model, name)
    declared = model.applications[unit.application].charm.actions.get(action)
    if declared is None:
        raise Refused(f'action "{action}" not defined on unit "{unit.name}"')
    for problem in _problems(declared, params):
        raise Refused(f'validation failed: action "{action}" on unit "{unit.name}": {problem}')
    return _enqueue(model, Task(id=0, unit=unit.name, action=action, params=params, enqueued=now))


def enqueue_command(model: Model, name: str, command: Sequence[str], now: float) -> tuple[Model, Task]:
    """Let a unit run a command where its hooks run."""
    unit: Unit = named_unit(model, name)
    task = Task(id=0, unit=unit.name, action=JUJU_EXEC, command=tuple(command), enqueued=now)
    return _enqueue(model, task)


def parameters(model: Model, task: Task) -> dict[str, Any]:
    """Fill in the defaults that the charm declares."""
    application = model.applications.get(task.unit.partition("/")[0])
    declared = application.charm.actions.get(task.action) if application else None
    schema: Mapping[str, Mapping[str, Any]] = declared.params if declared else {}
    defaults = {name: value["default"] for name, value in schema.items() if "default" in value}
    return {**defaults, **task.params}


def begin(model: Model, number: int, now: float) -> Model:
    """Note that a task runs."""
    return with_task(model, dataclasses.replace(model.tasks[number], status="running", started=now))


def finish(model: Model, number: int, end: Exit, now: float) -> Model:
    """Keep how a task ended: it failed when it said so or when its process did."""
    task = model.tasks[number]
    failed = task.failed or (end.code != 0 and task.action != JUJU_EXEC)
    message = task.message if task.failed or end.code == 0 else f"exit status {end.code}"
    texts = {name: text for name, text in (("stdout", end.stdout), ("stderr", end.stderr)) if text}
    return with_task(
        model,
        dataclasses.replace(
            task,
            status="failed" if failed else "completed",
            message="" if task.action == JUJU_EXEC else message,
            results={**task.results, **texts, "return-code": end.code},
            completed=now,
        ),
    )


def abandon(model: Model, unit: str) -> Model:
    """Give up the running tasks of a unit whose pod is gone."""
    for task in tuple(model.tasks.values()):
        if task.unit == unit and task.status == "running":
            ended = dataclasses.replace(task, status="failed", message="action terminated")
            model = with_task(model, ended)
    return model


def document(task: Task) -> dict[str, Any]:
    """Answer ``juju run --format json`` for one unit."""
    shown: dict[str, Any] = {
        "id": str(task.id),
        "status": task.status,
        "unit": task.unit,
        "results": task.results,
        "timing": {
            name: timestamps.spoken(value)
            for name, value in (
                ("enqueued", task.enqueued),
                ("started", task.started),
                ("completed", task.completed),
            )
            if value
        },
    }
    if task.message:
        shown["message"] = task.message
    if task.log:
        shown["log"] = [f"{timestamps.spoken(when)} {text}" for when, text in task.log]
    return {task.unit: shown}


def nested(results: Mapping[str, Any], key: str, value: str) -> dict[str, Any]:
    """Set one result; dots in the key make levels."""
    first, _, rest = key.partition(".")
    if not rest:
        return {**results, first: value}
    below = results.get(first)
    inner = cast("Mapping[str, Any]", below if isinstance(below, Mapping) else {})
    return {**results, first: nested(inner, rest, value)}


def _enqueue(model: Model, task: Task) -> tuple[Model, Task]:
    # operations and tasks count with one counter, so that a run is operation 3 and its task 4
    task = dataclasses.replace(task, id=model.next_task + 1)
    ended = [number for number, old in sorted(model.tasks.items()) if old.status in {"completed", "failed"}]
    kept = {number: old for number, old in model.tasks.items() if number not in ended[:-KEPT_TASKS]}
    return with_task(dataclasses.replace(model, next_task=task.id + 1, tasks=kept), task), task


def _problems(action: Action, params: Mapping[str, Any]) -> Iterator[str]:
    for name in action.required:
        if name not in params:
            yield f'"{name}" is required'
    for name, value in params.items():
        if name in action.params:
            yield from _mismatch(name, action.params[name], value)
        elif not action.additional:
            yield f'additional property "{name}" is not allowed'


def _mismatch(name: str, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
    wanted = schema.get("type")
    types = JSON_TYPES.get(wanted) if isinstance(wanted, str) else None
    if types and (not isinstance(value, types) or (isinstance(value, bool) and wanted != "boolean")):
        yield f'"{name}" must be of type {wanted}, given {value!r}'
    if "enum" in schema and value not in schema["enum"]:
        yield f'"{name}" must be one of {", ".join(str(item) for item in schema["enum"])}'
