"""What each service does right now, and what follows when it ends."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from paas_local.pebble.plan import command, users
from paas_local.pebble.plan.durations import Duration
from paas_local.pebble.plan.plan import Plan, Service
from paas_local.pebble.services import pipes
from paas_local.pebble.services.changes import Task, TaskError, now, stamp
from paas_local.pebble.services.logs import Logs, excerpt
from paas_local.pebble.services.processes import Context, Process, Processes, StartError, find

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
_SHOWN_LINES = 20
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


class SignalError(Exception):
    """A service could not be sent a signal; the message says which and why."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What an exit code leads to."""

    event: str
    action: str

    @property
    def failed(self) -> bool:
        """Whether the service is in error when nothing else is done about it."""
        return self.event == "on-failure"


def ending(service: Service, code: int) -> Ending:
    """Choose by the exit code; a restart where the plan says nothing."""
    if code == 0:
        return Ending(event="on-success", action=service.on_success or "restart")
    return Ending(event="on-failure", action=service.on_failure or "restart")


def next_backoff(service: Service, last: float) -> float:
    """Seconds to wait before the next restart, after the last wait."""
    limit = (service.backoff_limit or _BACKOFF_LIMIT).seconds
    if not last:
        return (service.backoff_delay or _BACKOFF_DELAY).seconds
    return last if last >= limit else min(last * (service.backoff_factor or _BACKOFF_FACTOR), limit)


def context(plan: Plan, service: Service) -> Context:
    """Decide what the process of a service finds around itself."""
    workload = plan.workloads.get(service.workload)
    user = users.find(workload.runs_as if workload else service.runs_as)
    own = {**((workload.environment if workload else None) or {}), **(service.environment or {})}
    home = {"HOME": user.home, "USER": user.name} if user and user.name else {}
    return Context(environment={**os.environ, **home, **own}, folder=service.working_dir or None, user=user)


class Supervised:
    """One service that was started at least once."""

    def __init__(self, name: str, given: Service, services: "Services") -> None:
        self.name: str = name
        self.given: Service = given
        self.since: datetime = now()
        self.starts: int = 0
        self._services: Services = services
        self._state: State = "initial"
        self._process: Process | None = None
        self._attempt: asyncio.Future[str] | None = None
        self._over: asyncio.Event = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._backoff: float = 0
        self._started_at: float = 0
        self._comes_back: bool = False

    @property
    def state(self) -> State:
        """Where it is in its life."""
        return self._state

    @state.setter
    def state(self, state: State) -> None:
        if _CURRENT.get(state) != _CURRENT.get(self._state):
            self.since = now()
        self._state = state

    @property
    def current(self) -> str:
        """The state as clients see it."""
        return _CURRENT.get(self._state, "inactive")

    @property
    def is_up(self) -> bool:
        """Whether a stop has something to do."""
        return self._state in ("starting", "running", "backoff")

    async def start(self, task: Task) -> None:
        """Start it, and wait until it can be trusted to stay."""
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
        await self._okay(task)

    def _spawn(self, state: State) -> None:
        try:
            around = context(self._services.plan(), self.given)
        except users.UnknownUserError as error:
            raise TaskError(str(error)) from None
        words = command.parse(self.given.command).words
        program = find(words[0])
        if program is None:
            raise TaskError(f'cannot start service: exec: "{words[0]}": executable file not found in $PATH')
        buffer = self._services.logs.buffer(self.name)
        outlet = pipes.Outlet(buffer.write)
        try:
            process = self._services.processes.start(program, words, around, stdout=outlet.inlet)
        except StartError as error:
            raise TaskError(f"cannot start service: {error}") from None
        finally:
            outlet.close_inlet()
            self._services.keep(outlet.pump())
        self.starts += 1
        self.state = state
        self._started_at = asyncio.get_running_loop().time()
        self._over = asyncio.Event()
        self._process = process
        self._services.keep(self._watch(process, outlet))

    async def _okay(self, task: Task) -> None:
        attempt: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._attempt = attempt
        aborted = asyncio.ensure_future(task.aborted.wait())
        waited = {attempt, aborted}
        await asyncio.wait(waited, timeout=OKAY_DELAY, return_when=asyncio.FIRST_COMPLETED)
        if self._state != "starting":  # it is being stopped, or has ended by itself
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        aborted.cancel()
        if attempt.done():
            lines = self._services.logs.last(-1, [self.name])
            task.note("INFO", f"Most recent service output:\n{excerpt(lines, _SHOWN_LINES)}")
            raise TaskError(attempt.result())
        self._attempt = None
        if task.aborted.is_set():
            self._kill()
            await self._over.wait()
            raise TaskError("start aborted, sent SIGKILL to process")
        self.state = "running"

    async def _watch(self, process: Process, outlet: pipes.Outlet) -> None:
        code = await process.exited
        outlet.drain()
        self._services.logs.buffer(self.name).end()
        attempt, self._attempt = self._attempt, None
        state = self._state
        if state in ("terminating", "killing"):
            message = f"service start attempt: stopped before the {OKAY_DELAY:g}s okay delay"
            self._cancel_timer()
            self.state = "stopped"
            if self._comes_back:
                self._back_off()
        else:
            last = ending(self.given, code)
            message = f"service start attempt: exited quickly with code {code}, will {last.action}"
            self._act(last)
        if attempt is not None and not attempt.done():
            attempt.set_result(message)
        self._over.set()

    def _act(self, last: Ending) -> None:
        if last.action == "restart":
            ran = asyncio.get_running_loop().time() - self._started_at
            if ran >= (self.given.backoff_limit or _BACKOFF_LIMIT).seconds:
                self._backoff = 0
            self._back_off()
            return
        self.state = "exited" if last.failed else "stopped"
        if last.action != "ignore":
            self._services.shut_down(_EXIT_CODES[last.event, last.action])

    def _back_off(self) -> None:
        self._comes_back = False
        self._backoff = next_backoff(self.given, self._backoff)
        self.state = "backoff"
        delay = self._backoff * (1 + random.random() * _JITTER)  # noqa: S311  spreads load, keeps no secret
        self._timer = asyncio.get_running_loop().call_later(delay, self._again)

    def _again(self) -> None:
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
        """Ask the whole group to end, and end it after the kill delay."""
        self.state = "terminating"
        if self._process is not None:
            self._process.signal_group(signal.SIGTERM)
        delay = _KILL_DELAY if self.given.kill_delay is None else self.given.kill_delay
        self._timer = asyncio.get_running_loop().call_later(max(delay.seconds, 0), self._kill)

    def _kill(self) -> None:
        self._timer = None
        self.state = "killing"
        if self._process is not None:
            self._process.signal_group(signal.SIGKILL)

    async def stop(self, task: Task) -> None:
        """Stop it and wait until it is gone."""
        if self._state == "backoff":
            self._cancel_timer()
            self.state = "stopped"
        elif self._state in ("terminating", "killing"):
            self._comes_back = False
            task.note("INFO", f'Service "{self.name}" already stopping.')
        elif self._state == "exited":
            task.note("INFO", f'Service "{self.name}" had already exited.')
            self.state = "stopped"
        elif self._state in ("initial", "stopped"):
            task.note("INFO", f'Service "{self.name}" already stopped.')
        else:
            self._terminate()
            delay = _KILL_DELAY if self.given.kill_delay is None else self.given.kill_delay
            try:
                await asyncio.wait_for(self._over.wait(), max(delay.seconds, 0) + _FAIL_DELAY)
            except asyncio.TimeoutError:
                raise TaskError("cannot stop service: process still running after SIGTERM and SIGKILL") from None

    def signal(self, number: int) -> bool:
        """Send a signal to the main process; whether there is one."""
        if self._process is None or self._state not in ("starting", "running"):
            return False
        self._process.signal(number)
        return True

    def check_failed(self, action: str) -> None:
        """Do what the plan says for a check that is down."""
        if self._state not in ("running", "backoff", "exited"):
            return
        if ("on-check-failure", action) in _EXIT_CODES:
            self._services.shut_down(_EXIT_CODES["on-check-failure", action])
        elif action == "restart" and self._state == "running":
            self._comes_back = True
            self._terminate()
        elif action == "restart" and self._state == "exited":
            self._back_off()


class Services:
    """All services of the plan."""

    def __init__(
        self, *, plan: Callable[[], Plan], processes: Processes, logs: Logs, shut_down: Callable[[int], None]
    ) -> None:
        self.plan: Callable[[], Plan] = plan
        self.processes: Processes = processes
        self.logs: Logs = logs
        self.shut_down: Callable[[int], None] = shut_down
        self._started: dict[str, Supervised] = {}
        self._running: set[asyncio.Task[None]] = set()

    def keep(self, work: Any) -> None:
        """Hold on to a background task until it is done."""
        running: asyncio.Task[None] = asyncio.ensure_future(work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    @property
    def given(self) -> Mapping[str, Service]:
        """The plan entries with which services were last started."""
        return {name: service.given for name, service in self._started.items()}

    @property
    def up(self) -> frozenset[str]:
        """The services that a stop would stop."""
        return frozenset(name for name, service in self._started.items() if service.is_up)

    def documents(self, names: Iterable[str] = ()) -> list[dict[str, Any]]:
        """Show the services of the plan as clients see them, all or the named ones."""
        wanted = set(names)
        return [
            self._document(name, service)
            for name, service in sorted(self.plan().services.items())
            if not wanted or name in wanted
        ]

    def _document(self, name: str, service: Service) -> dict[str, Any]:
        started = self._started.get(name)
        return {
            "name": name,
            "startup": "enabled" if service.enabled else "disabled",
            "current": started.current if started else "inactive",
            **({"current-since": stamp(started.since)} if started else {}),
        }

    async def start(self, name: str, task: Task) -> None:
        """Start a service with the newest plan; a running one takes the plan entry over."""
        entry = self.plan().services.get(name)
        if entry is None:
            raise TaskError(f'cannot find service "{name}" in plan')
        if name not in self._started:
            self._started[name] = Supervised(name, entry, self)
        self._started[name].given = entry
        await self._started[name].start(task)

    async def stop(self, name: str, task: Task) -> None:
        """Stop a service; nothing to stop is a success with a note."""
        if name in self._started:
            await self._started[name].stop(task)
        else:
            task.note("INFO", f'Service "{name}" has never been started.')

    def signal(self, name: str, names: Iterable[str]) -> None:
        """Send a signal to all that can get it, then report the others."""
        problems: list[str] = []
        for service in names:
            problem = self._signal(name, service)
            if problem:
                problems.append(f'cannot send signal to "{service}": {problem}')
        if problems:
            raise SignalError("; ".join(problems))

    def _signal(self, name: str, service: str) -> str:
        started = self._started.get(service)
        if started is None or started.current != "active":
            return "service is not running"
        if name not in signal.Signals.__members__:
            return f'invalid signal name "{name}"'
        return "" if started.signal(signal.Signals[name]) else "service is not running"

    def check_failed(self, check: str) -> None:
        """Tell the services that a check is down."""
        for service in self._started.values():
            action = (service.given.on_check_failure or {}).get(check)
            if action:
                service.check_failed(action)

    def starts(self) -> Mapping[str, tuple[bool, int]]:
        """For each service that ever ran: whether it is up, and how often it was started."""
        return {name: (service.current == "active", service.starts) for name, service in sorted(self._started.items())}
