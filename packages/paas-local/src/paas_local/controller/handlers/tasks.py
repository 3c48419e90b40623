"""The commands about actions, commands in charm containers, and their operations."""

import time
from collections.abc import Callable
from typing import Any

import pydantic

from paas_local.controller import waiting
from paas_local.controller.handlers.registry import Answer, Controller, ModelRequest, UnitRequest, command, query
from paas_local.juju import actions
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model, Task


class Run(UnitRequest, frozen=True):
    """An action to run."""

    action: str
    params: dict[str, Any] = pydantic.Field(default_factory=dict[str, Any])
    wait: float = 60.0


class Exec(UnitRequest, frozen=True):
    """A command to run in the charm container."""

    command: tuple[str, ...]
    wait: float = 300.0


class OperationRequest(ModelRequest, frozen=True):
    """A request about an operation."""

    operation: int


@command
async def run(controller: Controller, request: Run) -> Answer:
    """Run an action, and return its results."""

    def enqueue(model: Model) -> tuple[Model, Task]:
        return actions.enqueue(model, request.unit, request.action, request.params, time.time())

    return await _results(controller, request.model, enqueue, request.wait)


@command
async def exec_(controller: Controller, request: Exec) -> Answer:
    """Run a command, and return its output."""
    if not request.command:
        raise JujuError("no commands specified", code=2)

    def enqueue(model: Model) -> tuple[Model, Task]:
        return actions.enqueue_command(model, request.unit, request.command, time.time())

    return await _results(controller, request.model, enqueue, request.wait)


@query
async def operations_(controller: Controller, request: ModelRequest) -> dict[str, Any]:
    """Return the operations of a model."""
    tasks = controller.model(request.model).tasks
    return {str(number - 1): actions.operation_document(task) for number, task in sorted(tasks.items())}


@query
async def show_operation(controller: Controller, request: OperationRequest) -> dict[str, Any]:
    """Return an operation with its task."""
    return actions.operation_document(actions.operation(controller.model(request.model), request.operation))


async def _results(
    controller: Controller, name: str, enqueue: Callable[[Model], tuple[Model, Task]], wait: float
) -> Answer:
    before = controller.model(name)
    try:
        model, task = enqueue(before)
    except actions.UnscheduledError as error:
        model, number = actions.without_task(before)
        controller.change(name, lambda _: model)
        reason = f"Operation {number} failed to schedule any tasks:\n{error.message}"
        return Answer(result={}, added={"unscheduled": reason})
    controller.change(name, lambda _: model)
    return Answer(result=actions.document(await _ended(controller, name, task, wait)), added={})


async def _ended(controller: Controller, model: str, task: Task, wait: float) -> Task:
    deadline = time.monotonic() + wait
    while True:
        changed = controller.changed
        now = controller.model(model).tasks[task.id]
        if now.status in {"completed", "failed"}:
            return now
        left = deadline - time.monotonic()
        if left <= 0:
            raise JujuError(f"timed out waiting for results from: unit {task.unit}")
        await waiting.until(changed, seconds=left)
