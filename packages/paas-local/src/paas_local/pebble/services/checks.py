"""Which checks run, how they are, and what follows when one goes down or comes up again."""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from paas_local.pebble.plan.plan import Check, Plan, Service
from paas_local.pebble.services import checkers
from paas_local.pebble.services.changes import Change, Changes, Step, Task
from paas_local.pebble.services.notices import Notices
from paas_local.pebble.services.processes import Processes

LEVELS = ("alive", "ready")


class UnknownCheckError(LookupError):
    """The plan has no such check."""


async def _by_itself(_: Task) -> None:
    """Do nothing: the tasks of checks are moved on by the checks, not by the change."""


class Watch:
    """One check of the plan, running or not."""

    def __init__(self, name: str, check: Check, service: Service, checks: "Checks") -> None:
        self.name: str = name
        self.check: Check = check
        self.service: Service = service
        self.successes: int = 0
        self.failures: int = 0
        self._checks: Checks = checks
        self._change: Change | None = None
        self._previous: str = ""
        self._loop: asyncio.Task[None] | None = None

    @property
    def identity(self) -> tuple[Check, Service]:
        """What makes it a different check when it changes."""
        return replace(self.check, startup=""), self.service

    @property
    def is_running(self) -> bool:
        """Whether it looks at all."""
        return self._change is not None

    @property
    def status(self) -> str:
        """Up until the threshold is reached."""
        if self._change is None:
            return "inactive"
        return "down" if self._change.kind == "recover-check" else "up"

    @property
    def document(self) -> dict[str, Any]:
        """What clients see."""
        change = self._change
        return {
            "name": self.name,
            **({"level": self.check.level} if self.check.level else {}),
            "startup": "enabled" if self.check.enabled else "disabled",
            "status": self.status,
            "successes": self.successes,
            **({"failures": self.failures} if self.failures else {}),
            "threshold": self.check.threshold,
            **({"change-id": change.id} if change else {}),
            **({"prev-change-id": self._previous} if change and self._previous else {}),
        }

    def start(self) -> None:
        """Begin anew; the first look is one period away."""
        self.successes = self.failures = 0
        self._previous = ""
        self._begin("perform-check")
        self._loop = asyncio.ensure_future(self._run())

    def _begin(self, kind: str) -> None:
        if self._change is not None:
            self._previous = self._change.id
        verb = "Perform" if kind == "perform-check" else "Recover"
        step = Step(kind=kind, summary=f'{verb} {self.check.kind} check "{self.name}"', work=_by_itself)
        changes = self._checks.changes
        self._change = changes.add(kind, step.summary, [step], notice={"check-name": self.name})
        changes.set(self._change, self._change.tasks[0], "Doing")

    def stop(self) -> None:
        """Look no more; the counts stay."""
        if self._loop is not None:
            self._loop.cancel()
        self._finish()

    def _finish(self) -> None:
        change, self._change = self._change, None
        if change is not None and not change.ready.is_set():
            if change.status != "Abort":
                self._checks.changes.abort(change)
            self._checks.changes.set(change, change.tasks[0], "Done")

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while self._change is not None:
            due = max(due + self.check.every.seconds, loop.time())
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._change.tasks[0].aborted.wait(), due - loop.time())
                self._finish()
                return
            await self.look()

    async def look(self) -> str:
        """Look now, and count if it is running; the answer is what is wrong."""
        change = self._change
        try:
            await checkers.look(self.check, self.service, self._checks.processes)
        except checkers.UnhealthyError as error:
            if change is not None and change is self._change:
                self._failed(change, str(error))
            return str(error)
        if change is not None and change is self._change:
            self._succeeded(change)
        return ""

    def _succeeded(self, change: Change) -> None:
        if change.kind == "recover-check":
            self.successes, self.failures = 1, 0
            self._checks.changes.set(change, change.tasks[0], "Done")
            self._begin("perform-check")
            return
        self.successes += 1
        if self.failures:
            change.tasks[0].note("INFO", f"succeeded after {self.failures} failures")
            self.failures = 0

    def _failed(self, change: Change, message: str) -> None:
        self.failures += 1
        if change.kind == "recover-check" or self.failures < (self.check.threshold or 1):
            change.tasks[0].note("ERROR", message)
            return
        self._checks.on_threshold(change)
        self._checks.changes.fail(change, change.tasks[0], message)
        self._begin("recover-check")
        self._checks.on_down(self.name)


class Checks:
    """All checks of the plan."""

    def __init__(
        self,
        *,
        changes: Changes,
        notices: Notices,
        processes: Processes,
        on_down: Callable[[str], None],
    ) -> None:
        self.changes: Changes = changes
        self.processes: Processes = processes
        self.on_down: Callable[[str], None] = on_down
        self._notices: Notices = notices
        self._watches: dict[str, Watch] = {}

    def on_threshold(self, change: Change) -> None:
        """Reaching the threshold counts as an occurrence of its own."""
        self._notices.add(None, "change-update", change.id, change.notice)

    def plan_changed(self, plan: Plan) -> None:
        """Start what is new or changed at once, leave alone what is as it was."""
        for name, check in sorted(plan.checks.items()):
            context = check.exec.service_context if check.exec else ""
            new = Watch(name, check, plan.services.get(context, Service()), self)
            old = self._watches.get(name)
            if old is not None and old.identity == new.identity:
                if not old.check.enabled and check.enabled:
                    old.check = check
                    if not old.is_running:
                        old.start()
                continue
            was_running = old is not None and old.is_running
            if old is not None:
                old.stop()
            self._watches[name] = new
            if check.enabled or was_running:
                new.start()

    def _named(self, action: str, names: Iterable[str]) -> list[Watch]:
        wanted = sorted(set(names))
        missing = [name for name in wanted if name not in self._watches]
        if missing:
            raise UnknownCheckError(f"cannot {action} checks: cannot find checks in plan: {', '.join(missing)}")
        return [self._watches[name] for name in wanted]

    def start(self, names: Iterable[str]) -> list[str]:
        """Start the named checks; the answer is which of them did not run."""
        changed = [watch for watch in self._named("start", names) if not watch.is_running]
        for watch in changed:
            watch.start()
        return [watch.name for watch in changed]

    def stop(self, names: Iterable[str]) -> list[str]:
        """Stop the named checks; the answer is which of them ran."""
        changed = [watch for watch in self._named("stop", names) if watch.is_running]
        for watch in changed:
            watch.stop()
        return [watch.name for watch in changed]

    def replan(self) -> None:
        """Start the enabled ones that were stopped."""
        for watch in self._watches.values():
            if watch.check.enabled and not watch.is_running:
                watch.start()

    def stop_all(self) -> None:
        """Look no more, because the daemon ends."""
        for watch in self._watches.values():
            watch.stop()

    def find(self, name: str) -> Watch | None:
        """Look one up."""
        return self._watches.get(name)

    def matching(self, level: str, names: Collection[str]) -> list[Watch]:
        """Find the checks of exactly this level, or all; of all names, or of these."""
        return [
            watch
            for name, watch in sorted(self._watches.items())
            if level in ("", watch.check.level) and (not names or name in names)
        ]

    def healthy(self, level: str, names: Collection[str]) -> bool:
        """Whether none is down; whoever asks for ready ones means those that are alive, too."""
        levels = LEVELS if level == "ready" else (level,)
        return not any(
            watch.status == "down" for watch in self.matching("", names) if not level or watch.check.level in levels
        )
