"""Changes and their tasks.

Tasks of one lane run one after the other; lanes run side by side.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

_MAX_LOG = 10
_MAX_CHANGES = 1000
_READY = frozenset(["Done", "Error", "Hold", "Undone"])
_STRONGEST_FIRST = ("Abort", "Undoing", "Undo", "Doing", "Do", "Wait", "Error", "Undone", "Done", "Hold")


class TaskError(Exception):
    """A task that failed; the message goes into its log."""


class UnknownChangeError(LookupError):
    """A change that does not exist."""


class NothingPendingError(ValueError):
    """A change that has ended, so it cannot be aborted."""


def now() -> datetime:
    """Return the current time, with its time zone."""
    return datetime.now(tz=timezone.utc)


def stamp(time: datetime) -> str:
    """Format a time as RFC 3339."""
    return time.isoformat().replace("+00:00", "Z")


def unstamp(text: str | None) -> datetime | None:
    """Parse a time that ``stamp`` has formatted."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


@dataclass(kw_only=True)
class Task:
    """One step of a change."""

    id: str
    kind: str
    summary: str
    status: str = "Do"
    log: list[str] = field(default_factory=list[str])
    data: dict[str, Any] = field(default_factory=dict[str, Any])
    spawned: datetime = field(default_factory=now)
    ended: datetime | None = None
    aborted: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, level: str, message: str) -> None:
        """Add an entry to the log, which keeps only the newest."""
        time = now().isoformat(timespec="seconds").replace("+00:00", "Z")
        self.log = [*self.log, f"{time} {level} {message}"][-_MAX_LOG:]

    @property
    def errors(self) -> list[str]:
        """The messages of its ERROR entries, if it has failed."""
        entries = (entry.split(" ", 2) for entry in self.log)
        return [message for _, level, message in entries if level == "ERROR" and self.status == "Error"]

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document in answers."""
        return {
            "id": self.id,
            "kind": self.kind,
            "summary": self.summary,
            "status": self.status,
            **({"log": self.log} if self.log else {}),
            "progress": {"label": "", "done": int(self.status != "Do"), "total": 1},
            "spawn-time": stamp(self.spawned),
            **({"ready-time": stamp(self.ended)} if self.ended else {}),
            **({"data": self.data} if self.data else {}),
        }

    @classmethod
    def restored(cls, document: Mapping[str, Any]) -> "Task":
        """Return the task of an earlier daemon; what it was doing has ended with it."""
        task = cls(
            id=document["id"],
            kind=document["kind"],
            summary=document["summary"],
            status=document["status"],
            log=list(document.get("log", [])),
            data=dict(document.get("data", {})),
            spawned=unstamp(document["spawn-time"]) or now(),
            ended=unstamp(document.get("ready-time")),
        )
        if task.status not in _READY:
            task.ended = now()
            if task.status == "Do":
                task.status = "Hold"
            elif task.kind == "start":
                task.note("ERROR", "service already started, not retrying")
                task.status = "Error"
            else:
                task.status = "Done"
        return task


@dataclass(kw_only=True)
class Change:
    """The tasks of one request."""

    id: str
    kind: str
    summary: str
    tasks: Sequence[Task]
    services: frozenset[str] = frozenset()
    notice: Mapping[str, str] = field(default_factory=dict[str, str])
    spawned: datetime = field(default_factory=now)
    ended: datetime | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> str:
        """The strongest status of its tasks."""
        statuses = {task.status for task in self.tasks}
        return next((status for status in _STRONGEST_FIRST if status in statuses), "Done")

    @property
    def error(self) -> str:
        """The errors of its tasks, as one text; empty without errors."""
        lines = [f"- {task.summary} ({message})" for task in self.tasks for message in task.errors]
        return "\n".join(["cannot perform the following tasks:", *lines]) if lines else ""

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document in answers."""
        return {
            "id": self.id,
            "kind": self.kind,
            "summary": self.summary,
            "status": self.status,
            **({"tasks": [task.document for task in self.tasks]} if self.tasks else {}),
            "ready": self.ready.is_set(),
            **({"err": self.error} if self.ready.is_set() and self.error else {}),
            "spawn-time": stamp(self.spawned),
            **({"ready-time": stamp(self.ended)} if self.ended else {}),
        }

    @property
    def kept(self) -> dict[str, Any]:
        """The document, with what only the daemon knows."""
        return {**self.document, "services": sorted(self.services), "notice": dict(self.notice)}

    @classmethod
    def restored(cls, kept: Mapping[str, Any]) -> "Change":
        """Return the change of an earlier daemon, which has ended."""
        change = cls(
            id=kept["id"],
            kind=kept["kind"],
            summary=kept["summary"],
            tasks=[Task.restored(task) for task in kept.get("tasks", [])],
            services=frozenset(kept["services"]),
            notice=kept["notice"],
            spawned=unstamp(kept["spawn-time"]) or now(),
            ended=unstamp(kept.get("ready-time")) or now(),
        )
        change.ready.set()
        return change


Work = Callable[[Task], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Step:
    """A task before it is recorded, with the function that performs it."""

    kind: str
    summary: str
    work: Work


Stage = Sequence[Sequence[Step]]
"""Lanes that run side by side; the next stage starts when all have ended."""


class Changes:
    """The changes of this daemon and of those before it."""

    def __init__(self, on_status: Callable[[Change], None], on_change: Callable[[], None]) -> None:
        self._changes: dict[str, Change] = {}
        self._tasks: dict[str, tuple[Change, Task]] = {}
        self._last_change: int = 0
        self._last_task: int = 0
        self._on_status: Callable[[Change], None] = on_status
        self._on_change: Callable[[], None] = on_change
        self._running: set[asyncio.Task[None]] = set()

    def kept(self) -> dict[str, Any]:
        """Return the changes and the counters of ids, for the next daemon."""
        changes = [change.kept for change in self._changes.values()]
        return {"last-change": self._last_change, "last-task": self._last_task, "changes": changes}

    def restore(self, kept: Mapping[str, Any]) -> None:
        """Take over the changes of an earlier daemon."""
        self._last_change, self._last_task = kept["last-change"], kept["last-task"]
        for change in map(Change.restored, kept["changes"]):
            self._changes[change.id] = change
            self._tasks.update({task.id: (change, task) for task in change.tasks})

    def all(self) -> list[Change]:
        """Return all changes that are kept."""
        return list(self._changes.values())

    def find(self, change_id: str) -> Change:
        """Return a change by its id; raises UnknownChangeError."""
        if change_id not in self._changes:
            raise UnknownChangeError(f'cannot find change with id "{change_id}"')
        return self._changes[change_id]

    def find_task(self, task_id: str) -> tuple[Change, Task] | None:
        """Return a task by its id, with its change, or None."""
        return self._tasks.get(task_id)

    def add(
        self,
        kind: str,
        summary: str,
        steps: Iterable[Step] = (),
        *,
        services: Iterable[str] = (),
        notice: Mapping[str, str] | None = None,
    ) -> Change:
        """Record a change without running its tasks."""
        tasks = [self._task(step) for step in steps]
        self._last_change += 1
        change = Change(
            id=str(self._last_change),
            kind=kind,
            summary=summary,
            tasks=tasks,
            services=frozenset(services),
            notice={"kind": kind, **(notice or {})},
        )
        self._forget_oldest()
        self._changes[change.id] = change
        self._tasks.update({task.id: (change, task) for task in tasks})
        self._on_status(change)
        if not tasks:
            self._finish(change)
        return change

    def _task(self, step: Step) -> Task:
        self._last_task += 1
        return Task(id=str(self._last_task), kind=step.kind, summary=step.summary)

    def _forget_oldest(self) -> None:
        if len(self._changes) < _MAX_CHANGES:
            return
        oldest = next((change for change in self._changes.values() if change.ready.is_set()), None)
        if oldest is not None:
            del self._changes[oldest.id]
            for task in oldest.tasks:
                del self._tasks[task.id]

    def run(
        self,
        kind: str,
        summary: str,
        stages: Sequence[Stage],
        *,
        services: Iterable[str] = (),
        notice: Mapping[str, str] | None = None,
    ) -> Change:
        """Record a change, and run its tasks in the background."""
        steps = [step for stage in stages for lane in stage for step in lane]
        change = self.add(kind, summary, steps, services=services, notice=notice)
        tasks = iter(change.tasks)
        planned = [[[(step, next(tasks)) for step in lane] for lane in stage] for stage in stages]
        if change.tasks:
            self._keep(self._run(change, planned))
        return change

    def _keep(self, work: Any) -> None:
        running: asyncio.Task[None] = asyncio.ensure_future(work)
        self._running.add(running)
        running.add_done_callback(self._running.discard)

    async def _run(self, change: Change, stages: Sequence[Sequence[Sequence[tuple[Step, Task]]]]) -> None:
        for stage in stages:
            await asyncio.gather(*(self._run_lane(change, lane) for lane in stage))

    async def _run_lane(self, change: Change, lane: Sequence[tuple[Step, Task]]) -> None:
        for step, task in lane:
            if task.status != "Do":
                continue
            self.set(change, task, "Doing")
            try:
                await step.work(task)
            except TaskError as error:
                self.fail(change, task, str(error))
                self._hold(change, [later for _, later in lane])
            else:
                self.set(change, task, "Done")

    def fail(self, change: Change, task: Task, message: str) -> None:
        """End a task with the status Error."""
        task.note("ERROR", message)
        self.set(change, task, "Error")
        stopped = [each for each in change.tasks if each.kind == "start"] if task.kind == "stop" else []
        self._hold(change, stopped)

    def _hold(self, change: Change, tasks: Iterable[Task]) -> None:
        for task in tasks:
            if task.status == "Do":
                self.set(change, task, "Hold")

    def set(self, change: Change, task: Task, status: str) -> None:
        """Set the status of a task, and with it that of its change."""
        before = change.status
        task.status = status
        if status in _READY:
            task.ended = now()
        self._on_change()
        if all(each.status in _READY for each in change.tasks):
            self._finish(change)
        elif change.status != before:
            self._on_status(change)

    def _finish(self, change: Change) -> None:
        if not change.ready.is_set():
            change.ended = now()
            change.ready.set()
            self._on_status(change)

    def abort(self, change: Change) -> Change:
        """Abort the running tasks, and hold those that have not started; raises NothingPendingError."""
        if change.ready.is_set():
            raise NothingPendingError(f"cannot abort change {change.id} with nothing pending")
        for task in change.tasks:
            if task.status == "Doing":
                self.set(change, task, "Abort")
                task.aborted.set()
        self._hold(change, change.tasks)
        return change
