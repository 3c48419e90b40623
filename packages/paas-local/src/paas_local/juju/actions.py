"""The tasks of a model: actions and commands from the request to the results, and their documents."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from paas_local.juju import timestamps
from paas_local.juju.charm import Action
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model, Task, Unit, application_of, named_unit, with_task
from paas_local.juju.names import unit_tag

if TYPE_CHECKING:
    import jsonschema

JUJU_EXEC = "juju-exec"
_KEPT_TASKS = 100


@dataclasses.dataclass(frozen=True, kw_only=True)
class Exit:
    """The end of a task's process: its exit status and its output."""

    code: int
    stdout: str = ""
    stderr: str = ""


class UnscheduledError(JujuError):
    """An operation has no unit or no action, so it has no task, which Juju's clients do not take as an error."""


def enqueue(model: Model, name: str, action: str, params: Mapping[str, Any], now: float) -> tuple[Model, Task]:
    """Add the task of an action; raise JujuError if its parameters do not match the action's schema."""
    unit = _unit(model, name)
    declared = model.applications[unit.application].charm.actions.get(action)
    if declared is None:
        raise UnscheduledError(f'action "{action}" not defined on unit "{unit.name}"')
    if problem := _problem(declared, params):
        raise JujuError(f'validation failed: action "{action}" on unit "{unit.name}": {problem}')
    return _enqueue(model, Task(id=0, unit=unit.name, action=action, params=params, enqueued=now))


def without_task(model: Model) -> tuple[Model, int]:
    """Add an operation that has no task, and return its number."""
    return dataclasses.replace(model, next_task=model.next_task + 1), model.next_task


def enqueue_command(model: Model, name: str, command: Sequence[str], now: float) -> tuple[Model, Task]:
    """Add the task of a command in a unit's charm container."""
    unit = _unit(model, name)
    return _enqueue(model, Task(id=0, unit=unit.name, action=JUJU_EXEC, command=tuple(command), enqueued=now))


def parameters(model: Model, task: Task) -> dict[str, Any]:
    """Return a task's parameters, completed by the defaults in the action's schema."""
    application = model.applications.get(application_of(task.unit))
    action = application.charm.actions.get(task.action) if application else None
    properties: Mapping[str, Mapping[str, Any]] = action.schema.get("properties", {}) if action else {}
    defaults = {name: value["default"] for name, value in properties.items() if "default" in value}
    return {**defaults, **task.params}


def begin(model: Model, number: int, now: float) -> Model:
    """Record that a task runs."""
    return with_task(model, dataclasses.replace(model.tasks[number], status="running", started=now))


def finish(model: Model, number: int, end: Exit, now: float) -> Model:
    """Record a task's results; it has failed if the charm said so (action-fail) or if an action's process failed."""
    task = model.tasks[number]
    failed = task.failed or (end.code != 0 and task.action != JUJU_EXEC)
    message = task.message if task.failed or end.code == 0 else f"exit status {end.code}"
    output = {name: text for name, text in (("stdout", end.stdout), ("stderr", end.stderr)) if text}
    return with_task(
        model,
        dataclasses.replace(
            task,
            status="failed" if failed else "completed",
            message="" if task.action == JUJU_EXEC else message,
            results={**task.results, **output, "return-code": end.code},
            completed=now,
        ),
    )


def abandon(model: Model, unit: str) -> Model:
    """Fail the running tasks of a unit that lost its pod."""
    for task in tuple(model.tasks.values()):
        if task.unit == unit and task.status == "running":
            model = with_task(model, dataclasses.replace(task, status="failed", message="action terminated"))
    return model


def document(task: Task) -> dict[str, Any]:
    """Return the document of ``juju run --format json``."""
    times = {"enqueued": task.enqueued, "started": task.started, "completed": task.completed}
    entry: dict[str, Any] = {
        "id": str(task.id),
        "status": task.status,
        "unit": task.unit,
        "results": task.results,
        "timing": {name: timestamps.action(time) for name, time in times.items() if time},
    }
    if task.message:
        entry["message"] = task.message
    if task.log:
        entry["log"] = [f"{timestamps.action(time)} {text}" for time, text in task.log]
    return {task.unit: entry}


def operation(model: Model, number: int) -> Task:
    """Return the one task of an operation; raise JujuError if there is none."""
    # they share one counter: the task of operation 3 is task 4
    task = model.tasks.get(number + 1)
    if task is None:
        raise JujuError(f'operation "{number}" not found')
    return task


def operation_document(task: Task) -> dict[str, Any]:
    """Return the entry of an operation in ``juju operations --format json``, and ``show-operation``'s."""
    (entry,) = document(task).values()
    shown = {key: entry[key] for key in ("status", "timing", "log", "message", "results") if key in entry}
    return {
        "summary": f"{task.action} run on {unit_tag(task.unit)}",
        "status": task.status,
        "action": {"name": task.action, "parameters": dict(task.params)},
        "timing": entry["timing"],
        "tasks": {str(task.id): {"host": task.unit, **shown}},
    }


def nested(results: Mapping[str, Any], key: str, value: str) -> dict[str, Any]:
    """Return results with one value set; dots in the key separate levels."""
    first, _, rest = key.partition(".")
    if not rest:
        return {**results, first: value}
    below = results.get(first)
    inner = cast("Mapping[str, Any]", below if isinstance(below, Mapping) else {})
    return {**results, first: nested(inner, rest, value)}


def _unit(model: Model, name: str) -> Unit:
    try:
        return named_unit(model, name)
    except JujuError as error:
        raise UnscheduledError(error.message) from None


def _enqueue(model: Model, task: Task) -> tuple[Model, Task]:
    task = dataclasses.replace(task, id=model.next_task + 1)
    ended = [number for number, old in sorted(model.tasks.items()) if old.status in {"completed", "failed"}]
    kept = {number: old for number, old in model.tasks.items() if number not in ended[:-_KEPT_TASKS]}
    return with_task(dataclasses.replace(model, next_task=task.id + 1, tasks=kept), task), task


def _problem(action: Action, params: Mapping[str, Any]) -> str:
    """Return how parameters break an action's schema, or an empty string; Juju validates against draft 4."""
    # adds a tenth to the start-up time of the controller, and few sessions run an action
    import jsonschema  # noqa: PLC0415
    import referencing.exceptions  # noqa: PLC0415

    # with a registry of its own, a validator never fetches a $ref
    validator = jsonschema.Draft4Validator(action.schema, registry=referencing.Registry())
    try:
        validator.check_schema(action.schema)
        # the stub has a deprecated overload without types
        errors = validator.iter_errors(params)  # pyright: ignore[reportUnknownMemberType]
        error = min(errors, key=_depth, default=None)
    except (jsonschema.SchemaError, referencing.exceptions.Unresolvable) as invalid:
        return f"the schema in the charm is invalid: {invalid}"
    if error is None:
        return ""
    path = ".".join(str(part) for part in error.absolute_path)
    return f"{path}: {error.message}" if path else error.message


def _depth(error: "jsonschema.ValidationError") -> int:
    return len(error.absolute_path)
