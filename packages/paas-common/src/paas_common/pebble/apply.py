"""Applies a workload: carries out the actions that are due, and waits until the application answers."""

import collections.abc
import dataclasses
import http.client
import logging
import signal
import time
import typing

import ops
import ops.pebble

from paas_common.pebble import commands, errors, logs, notes
from paas_common.pebble import container as containers
from paas_common.planning import actions, migration, retries, services
from paas_common.planning.actions import (
    AddLayer,
    ForwardLogs,
    Push,
    PushCandidate,
    Reload,
    Remember,
    Remove,
    Replan,
    Restart,
    Stop,
)
from paas_common.values import environment
from paas_common.values.facts import CommandFailure, ContainerState, Step
from paas_common.values.status import Blocked, Problem, Waiting
from paas_common.values.workload import HEALTH_CHECK, BeforeStart, Check, LayerEntry, Migration, Workload

logger = logging.getLogger(__name__)

PAUSE = 0.05
"""Seconds between two attempts to connect to a started application."""
CONNECT_TIMEOUT = 2.0
CHECK_TIMEOUT = 60.0
LONG_TIMEOUT = 3600.0
"""Seconds for a migration, and for the step before the start."""
BLOCKED_AFTER = 20
"""Failures of the check, one every three seconds, until the status is blocked."""


class Seen(typing.NamedTuple):
    """Pebble's plan and services after a pass."""

    plan: ops.pebble.Plan
    services: collections.abc.Mapping[str, ops.pebble.ServiceInfo]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Applied:
    """The result of a pass: a problem if there is one, and the migration that ran."""

    problem: Problem | None = None
    migrated: Migration | None = None
    after_start_due: bool = False
    """The application answers after a start, and ``after_start`` has not succeeded since."""
    seen: Seen | None = None
    """None after a problem."""


def apply(
    container: ops.Container,
    workload: Workload,
    state: ContainerState,
    *,
    now: float,
    start_timeout: float,
    active: bool,
    announce: collections.abc.Callable[[str], None],
) -> Applied:
    """Make the container run the workload; change only what differs.

    ``start_timeout`` is the time in seconds that a started application has until it answers. ``announce`` gets a text
    before an action that interrupts the application of a unit that is ``active``, or that may take long.
    """
    started = False
    seen = Seen(container.get_plan(), container.get_services())
    executor = _Executor(container, workload, state, seen.plan, now)
    current = containers.current(container, workload, seen.plan, seen.services)
    due = actions.due(workload, state, current)
    for action in due:
        if text := actions.announcement(action, workload, state, current, active=active):
            announce(text)
        if isinstance(action, Replan | Reload | Restart):
            started = True
            executor.note_start()
        if problem := executor.run(action):
            return Applied(problem=problem, migrated=executor.migrated)
    problem = _wait_for_answer(container, workload, timeout=start_timeout if started else None)
    return Applied(
        problem=problem,
        migrated=executor.migrated,
        after_start_due=executor.after_start_pending and problem is None,
        seen=_seen_after(container, due, seen) if problem is None else None,
    )


def _seen_after(container: ops.Container, done: tuple[actions.Action, ...], before: Seen) -> Seen:
    """Return the plan and the services after the actions; what no action can have changed is not read again."""
    new_plan = any(isinstance(action, AddLayer | ForwardLogs) for action in done)
    new_services = any(isinstance(action, Replan | Restart | Stop) for action in done)
    return Seen(
        plan=container.get_plan() if new_plan else before.plan,
        services=container.get_services() if new_services else before.services,
    )


class _Executor:
    """Carries out actions one after the other, and keeps the notes."""

    def __init__(
        self, container: ops.Container, workload: Workload, state: ContainerState, plan: ops.pebble.Plan, now: float
    ) -> None:
        self.migrated: Migration | None = None
        self._plan = plan
        self._container = container
        self._workload = workload
        self._state = state
        self._now = now

    def run(self, action: actions.Action) -> Problem | None:  # noqa: C901, PLR0912  one case for each kind of action
        """Carry out one action; after a problem, no later action may run."""
        match action:
            case ForwardLogs(targets=targets):
                self._forward_logs(targets)
            case PushCandidate(file=file):
                self._push(file.candidate or file.path, file.content)
            case Push(file=file):
                self._push(file.path, file.content)
            case Check():
                return self._check(action)
            case Migration():
                return self._migrate(action)
            case BeforeStart():
                return self._prepare(action)
            case AddLayer():
                self._add_layer()
            case Replan():
                return self._start(self._container.replan)
            case Stop(services=names):
                self._container.stop(*names)
            case Reload(service=name):
                logger.info("reloading %s", name)
                self._container.send_signal(signal.SIGHUP, name)
            case Restart(services=names):
                logger.info("restarting %s: a file has changed", ", ".join(names))
                return self._start(self._container.restart, *names)
            case Remove(path=path):
                self._container.remove_path(path, recursive=True)  # no error if it is gone
            case Remember(applied=applied):
                self._note(applied=applied)
        return None

    @property
    def after_start_pending(self) -> bool:
        """Return whether ``after_start`` must run."""
        return self._workload.calls_after_start and self._state.after_start_pending

    def note_start(self) -> None:
        """Note before a start that ``after_start`` must run, even if this hook is killed."""
        if self._workload.calls_after_start and not self._state.after_start_pending:
            self._note(after_start_pending=True)

    def _forward_logs(self, targets: collections.abc.Mapping[str, LayerEntry]) -> None:
        logger.info("log targets: %s", ", ".join(f"{name} at {each['location']}" for name, each in targets.items()))
        layer = typing.cast("ops.pebble.LayerDict", {"log-targets": targets})
        self._container.add_layer(f"{self._container.name}-log-forwarding", layer, combine=True)

    def _push(self, path: str, content: str) -> None:
        user = self._workload.user
        self._container.push(path, content, make_dirs=True, permissions=0o640, user=user, group=user)

    def _check(self, check: Check) -> Blocked | None:
        result = commands.run(self._container, self._workload, check.command, {}, CHECK_TIMEOUT)
        if isinstance(result, commands.Failed):
            reason = f"{check.failure}: {result.output}"
            if result.ended:
                self._failed("check", retries.check_fingerprint(self._workload), reason)
            return Blocked(reason)
        if "check" in self._state.failures:
            self._note(failures=self._failures_without("check"))
        return None

    def _migrate(self, due: Migration) -> Problem | None:
        logger.info("migrating the database: %s", " ".join(due.command))
        result = commands.run(self._container, self._workload, due.command, {}, LONG_TIMEOUT)
        if isinstance(result, commands.Failed):
            return migration.failed(self._failed("migration", due.fingerprint, result.output), due.command)
        self.migrated = due
        self._note(migrated=due.fingerprint, failures=self._failures_without("migration"))
        return None

    def _prepare(self, step: BeforeStart) -> Problem | None:
        logger.info("before the start: %s", " ".join(step.command))
        result = commands.run(self._container, self._workload, step.command, {}, LONG_TIMEOUT)
        if isinstance(result, commands.Failed):
            return retries.before_start_failed(self._failed("before-start", step.fingerprint, result.output), step)
        self._note(before_start_done=True, failures=self._failures_without("before-start"))
        return None

    def _failed(self, step: Step, fingerprint: str, output: str) -> CommandFailure:
        previous = self._state.failures.get(step)
        repeated = previous is not None and previous.fingerprint == fingerprint
        failure = CommandFailure(
            fingerprint=fingerprint,
            environment=retries.environment_digest(self._workload),
            attempts=previous.attempts + 1 if previous and repeated else 1,
            at=self._now,
            output=output,
        )
        self._note(failures={**self._state.failures, step: failure})
        return failure

    def _failures_without(self, step: Step) -> dict[Step, CommandFailure]:
        return {name: failure for name, failure in self._state.failures.items() if name != step}

    def _add_layer(self) -> None:
        name = self._workload.service
        planned = self._plan.services.get(name)
        of_image = services.environment(self._state.services[name])
        before = {key: value for key, value in (planned.environment if planned else {}).items() if key not in of_image}
        changed = environment.changes(before, self._workload.environment)
        logger.info("environment of %s: %s", name, ", ".join(changed) or "unchanged")
        layer = typing.cast("ops.pebble.LayerDict", self._workload.layer)  # the same shape, built from plain data
        self._container.add_layer("charm", layer, combine=True)

    def _start(self, start: collections.abc.Callable[..., None], *names: str) -> Blocked | None:
        try:
            start(*names)
        except ops.pebble.ChangeError as error:
            return self._start_failed(error)
        return None

    def _start_failed(self, error: ops.pebble.ChangeError) -> Blocked:
        tasks = error.change.tasks if error.change else []
        failed = next((task for task in tasks if task.status == "Error"), None)
        summary = failed.summary.lower() if failed else "start of the services"
        output = commands.redacted(self._workload, "\n".join(_service_lines(failed)))
        return Blocked(
            f"{summary} failed: {output or error.err} (Pebble goes on trying; "
            f"see juju debug-log, and pebble logs in container {self._container.name})"
        )

    def _note(self, **changes: object) -> None:
        self._state = dataclasses.replace(self._state, **typing.cast("dict[str, typing.Any]", changes))
        notes.save(self._container, self._workload.state_dir, self._state)


def _service_lines(task: ops.pebble.Task | None) -> list[str]:
    """Return the service's own lines of a task's log: Pebble indents them below an entry."""
    entries = task.log if task else []
    return [line for entry in entries for line in entry.splitlines()[1:] if line.startswith("    ")]


def _wait_for_answer(container: ops.Container, workload: Workload, *, timeout: float | None) -> Problem | None:
    """Wait until a started application answers; else return what Pebble's check says.

    The charm is in the network of the workload's pod, so it sees a start sooner than the check, which looks every three
    seconds. An application without a check must run, unless Pebble lets it end. ``timeout`` is None if nothing was
    started: then the check's status counts, because Pebble announces its changes, but no failure before the threshold.
    """
    if workload.health is None:
        return _not_running(container, workload)
    deadline = time.monotonic() + (timeout or 0)
    while time.monotonic() < deadline:
        if _answers(workload.port, workload.health_path):
            return None
        time.sleep(PAUSE)
    check = _health(container)
    if check is None:
        return None
    if check.status == ops.pebble.CheckStatus.UP and (check.failures == 0 or timeout is None):
        return None
    output = _output(container, workload)
    where = f"{workload.port}{' at ' + workload.health_path if workload.health_path else ''}"
    reason = f"{workload.service} does not answer on port {where}{': ' + output if output else ' yet'}"
    return Waiting(reason) if check.failures < BLOCKED_AFTER else Blocked(reason)


def _answers(port: int, path: str) -> bool:
    """Return whether the application accepts a connection or, with a path, answers there as Pebble's check expects."""
    connection = http.client.HTTPConnection("localhost", port, timeout=CONNECT_TIMEOUT)
    try:
        connection.connect()
        if not path:
            return True
        connection.request("GET", path)
        return http.client.OK <= connection.getresponse().status < http.client.MULTIPLE_CHOICES
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _not_running(container: ops.Container, workload: Workload) -> Problem | None:
    name = workload.service
    if actions.may_end(workload.services[name]) or containers.running(container, [name]):
        return None
    output = _output(container, workload)
    return Waiting(f"{name} does not run{': ' + output if output else ''} (Pebble goes on trying)")


def _output(container: ops.Container, workload: Workload) -> str:
    lines = logs.tail(container.pebble.socket_path, workload.service, errors.LINES)
    return errors.last_lines([environment.redact(line, workload.environment) for line in lines])


def _health(container: ops.Container) -> ops.pebble.CheckInfo | None:
    return container.get_checks(HEALTH_CHECK).get(HEALTH_CHECK)
