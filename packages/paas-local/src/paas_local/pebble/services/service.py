"""One service: its process, its state, and its restarts."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from paas_local.pebble.plan import command, users
from paas_local.pebble.plan.durations import Duration
from paas_local.pebble.plan.plan import Plan, Service, runs_as
from paas_local.pebble.services import pipes
from paas_local.pebble.services.changes import Task, TaskError, now
from paas_local.pebble.services.logs import Logs, excerpt
from paas_local.pebble.services.processes import Context, Process, Processes, StartError, find_program

if TYPE_CHECKING:
    from datetime import datetime

State = Literal["initial", "starting", "running", "terminating", "killing", "stopped", "backoff", "exited"]

OKAY_DELAY = 1.0
_FAIL_DELAY = 5.0
_KILL_DELAY = Duration(5_000_000_000)
_BACKOFF_DELAY = Duration(500_000_000)
_BACKOFF_FACTOR = 2.0
_BACKOFF_LIMIT = Duration(30_000_000_000)
_JITTER = 0.1
_MAX_SHOWN = 20
_CURRENT: Mapping[State, str] = {
    "starting": "active",
    "running": "active",
    "backoff": "backoff",
    "exited": "error",
}
_EXIT_CODES = {
    ("on-success", "shutdown"): 0,
    ("on-success", "failure-shutdown"): 10,
    ("on-failure", "shutdown"): 10,
    ("on-failure", "success-shutdown"): 0,
    ("on-check-failure", "shutdown"): 11,
    ("on-check-failure", "success-shutdown"): 0,
}


@dataclass(frozen=True, kw_only=True)
class ExitAction:
    """The action after the exit of a process."""

    event: str
    action: str

    @property
    def failed(self) -> bool:
        """True if the process has failed."""
        return self.event == "on-failure"


def exit_action(service: Service, code: int) -> ExitAction:
    """Return the action of the plan for an exit code; by default a restart."""
    if code == 0:
        return ExitAction(event="on-success", action=service.on_success or "restart")
    return ExitAction(event="on-failure", action=service.on_failure or "restart")


def next_backoff(service: Service, last: float) -> float:
    """Return the seconds to wait before the next restart, from the last wait."""
    limit = (service.backoff_limit or _BACKOFF_LIMIT).seconds
    if not last:
        return (service.backoff_delay or _BACKOFF_DELAY).seconds
    return last if last >= limit else min(last * (service.backoff_factor or _BACKOFF_FACTOR), limit)


def context(plan: Plan, service: Service) -> Context:
    """Build the context of a service's process."""
    workload = plan.workloads.get(service.workload)
    user = users.find(runs_as(workload or service))
    own = {**((workload.environment if workload else None) or {}), **(service.environment or {})}
    home = {"HOME": user.home, "USER": user.name} if user and user.name else {}
    return Context(environment={**os.environ, **home, **own}, folder=service.working_dir or None, user=user)


class Parts:
    """The parts of the daemon that all services share."""

    def __init__(
        self, *, plan: Callable[[], Plan], processes: Processes, logs: Logs, shut_down: Callable[[int], None]
    ) -> None:
        self.plan: Callable[[], Plan] = plan
        self.processes: Processes = processes
        self.logs: Logs = logs
        self.shut_down: Callable[[int], None] = shut_down
        self._running: set[asyncio.Task[None]] = set()

    def keep(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a background task, and keep a reference to it until it is done."""
        running: asyncio.Task[None] = asyncio.ensure_future(work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)


class StartedService:
    """A service that was started at least once."""

    def __init__(self, name: str, config: Service, parts: Parts) -> None:
        self.name: str = name
        self.config: Service = config
        self.since: datetime = now()
        self.starts: int = 0
        self._parts: Parts = parts
        self._state: State = "initial"
        self._process: Process | None = None
        self._attempt: asyncio.Future[str] | None = None
        self._exited: asyncio.Event = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._backoff: float = 0
        self._started_at: float = 0
        self._restarts: bool = False

    @property
    def state(self) -> State:
        """The state of the service."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        if _CURRENT.get(state) != _CURRENT.get(self._state):
            self.since = now()
        self._state = state

    @property
    def current(self) -> str:
        """The status in answers."""
        return _CURRENT.get(self._state, "inactive")

    @property
    def is_up(self) -> bool:
        """True if a stop would stop the service."""
        return self._state in ("starting", "running", "backoff")

    async def start(self, task: Task) -> None:
        """Start the service, and wait until it has run for the okay delay; raises TaskError."""
        if self._state in ("starting", "running"):
            task.note("INFO", f'Service "{self.name}" already started.')
            return
        if self._state in ("terminating", "killing"):
            raise TaskError("cannot start service while terminating")
        self._cancel_timer()
        self._backoff = 0
        self.since = now()
        self.state = "stopped"
        self._spawn("starting")
        await self._wait_okay_delay(task)

    def _spawn(self, state: State) -> None:
        try:
            process_context = context(self._parts.plan(), self.config)
        except users.UnknownUserError as error:
            raise TaskError(str(error)) from None
        words = command.parse(self.config.command).words
        program = find_program(words[0])
        if program is None:
            raise TaskError(f'cannot start service: exec: "{words[0]}": executable file not found in $PATH')
        buffer = self._parts.logs.buffer(self.name)
        output = pipes.OutputPipe(buffer.write)
        try:
            process = self._parts.processes.start(program, words, process_context, stdout=output.write_end)
        except StartError as error:
            raise TaskError(f"cannot start service: {error}") from None
        finally:
            output.close_write_end()
            self._parts.keep(output.pump())
        self.starts += 1
        self.state = state
        self._started_at = asyncio.get_running_loop().time()
        self._exited = asyncio.Event()
        self._process = process
        self._parts.keep(self._watch(process, output))

    async def _wait_okay_delay(self, task: Task) -> None:
        attempt: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._attempt = attempt
        aborted = asyncio.ensure_future(task.aborted.wait())
        futures = {attempt, aborted}
        await asyncio.wait(futures, timeout=OKAY_DELAY, return_when=asyncio.FIRST_COMPLETED)
        if self._state != "starting":  # a stop has begun, or the process has exited
            await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
        aborted.cancel()
        if attempt.done():
            lines = self._parts.logs.last(-1, [self.name])
            task.note("INFO", f"Most recent service output:\n{excerpt(lines, _MAX_SHOWN)}")
            raise TaskError(attempt.result())
        self._attempt = None
        if task.aborted.is_set():
            self._kill()
            await self._exited.wait()
            raise TaskError("start aborted, sent SIGKILL to process")
        self.state = "running"

    async def _watch(self, process: Process, output: pipes.OutputPipe) -> None:
        code = await process.exited
        output.drain()
        self._parts.logs.buffer(self.name).end()
        attempt, self._attempt = self._attempt, None
        state = self._state
        if state in ("terminating", "killing"):
            message = f"service start attempt: stopped before the {OKAY_DELAY:g}s okay delay"
            self._cancel_timer()
            self.state = "stopped"
            if self._restarts:
                self._back_off()
        else:
            action = exit_action(self.config, code)
            message = f"service start attempt: exited quickly with code {code}, will {action.action}"
            self._run_exit_action(action)
        if attempt is not None and not attempt.done():
            attempt.set_result(message)
        self._exited.set()

    def _run_exit_action(self, exit_action: ExitAction) -> None:
        if exit_action.action == "restart":
            ran = asyncio.get_running_loop().time() - self._started_at
            if ran >= (self.config.backoff_limit or _BACKOFF_LIMIT).seconds:
                self._backoff = 0
            self._back_off()
            return
        self.state = "exited" if exit_action.failed else "stopped"
        if exit_action.action != "ignore":
            self._parts.shut_down(_EXIT_CODES[exit_action.event, exit_action.action])

    def _back_off(self) -> None:
        self._restarts = False
        self._backoff = next_backoff(self.config, self._backoff)
        self.state = "backoff"
        delay = self._backoff * (1 + random.random() * _JITTER)  # noqa: S311  spreads load, keeps no secret
        self._timer = asyncio.get_running_loop().call_later(delay, self._restart)

    def _restart(self) -> None:
        self._timer = None
        try:
            self._spawn("running")
        except TaskError as error:
            self.state = "stopped"
            sys.stderr.write(f'service "{self.name}" is not restarted: {error}\n')

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _terminate(self) -> None:
        """Send SIGTERM to the process group, and SIGKILL after the kill delay."""
        self.state = "terminating"
        if self._process is not None:
            self._process.signal_group(signal.SIGTERM)
        delay = _KILL_DELAY if self.config.kill_delay is None else self.config.kill_delay
        self._timer = asyncio.get_running_loop().call_later(max(delay.seconds, 0), self._kill)

    def _kill(self) -> None:
        self._timer = None
        self.state = "killing"
        if self._process is not None:
            self._process.signal_group(signal.SIGKILL)

    async def stop(self, task: Task) -> None:
        """Stop the service, and wait until its process has exited; raises TaskError."""
        if self._state == "backoff":
            self._cancel_timer()
            self.state = "stopped"
        elif self._state in ("terminating", "killing"):
            self._restarts = False
            task.note("INFO", f'Service "{self.name}" already stopping.')
        elif self._state == "exited":
            task.note("INFO", f'Service "{self.name}" had already exited.')
            self.state = "stopped"
        elif self._state in ("initial", "stopped"):
            task.note("INFO", f'Service "{self.name}" already stopped.')
        else:
            self._terminate()
            delay = _KILL_DELAY if self.config.kill_delay is None else self.config.kill_delay
            try:
                await asyncio.wait_for(self._exited.wait(), max(delay.seconds, 0) + _FAIL_DELAY)
            except asyncio.TimeoutError:
                raise TaskError("cannot stop service: process still running after SIGTERM and SIGKILL") from None

    def signal(self, number: int) -> bool:
        """Send a signal to the main process; return whether there is one."""
        if self._process is None or self._state not in ("starting", "running"):
            return False
        self._process.signal(number)
        return True

    def check_failed(self, action: str) -> None:
        """Run the action of the plan for a check that is down."""
        if self._state not in ("running", "backoff", "exited"):
            return
        if ("on-check-failure", action) in _EXIT_CODES:
            self._parts.shut_down(_EXIT_CODES["on-check-failure", action])
        elif action == "restart" and self._state == "running":
            self._restarts = True
            self._terminate()
        elif action == "restart" and self._state == "exited":
            self._back_off()
