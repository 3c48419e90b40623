"""Health checks: their runs, their status, and the changes that follow."""

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
    """A check that is not in the plan."""


async def _no_work(_: Task) -> None:
    """Do nothing: the check itself sets the status of its task."""


class CheckRunner:
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
        """The values that make it another check when they change."""
        return replace(self.check, startup=""), self.service

    @property
    def is_running(self) -> bool:
        """True if the check is started."""
        return self._change is not None

    @property
    def status(self) -> str:
        """The status: up until the threshold is reached."""
        if self._change is None:
            return "inactive"
        return "down" if self._change.kind == "recover-check" else "up"

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document in answers."""
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
        """Start the check; its first run is after one period."""
        self.successes = self.failures = 0
        self._previous = ""
        self._add_change("perform-check")
        self._loop = asyncio.ensure_future(self._run())

    def _add_change(self, kind: str) -> None:
        if self._change is not None:
            self._previous = self._change.id
        verb = "Perform" if kind == "perform-check" else "Recover"
        step = Step(kind=kind, summary=f'{verb} {self.check.kind} check "{self.name}"', work=_no_work)
        changes = self._checks.changes
        self._change = changes.add(kind, step.summary, [step], notice={"check-name": self.name})
        changes.set(self._change, self._change.tasks[0], "Doing")

    def stop(self) -> None:
        """Stop the check; its counts stay."""
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
            due = max(due + self.check.effective_period.seconds, loop.time())
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._change.tasks[0].aborted.wait(), due - loop.time())
                self._finish()
                return
            await self.refresh()

    async def refresh(self) -> str:
        """Run the check now, and count the result if it is started; return the error, or an empty text."""
        change = self._change
        try:
            await checkers.run(self.check, self.service, self._checks.processes)
        except checkers.CheckFailedError as error:
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
            self._add_change("perform-check")
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
        self._add_change("recover-check")
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
        self._runners: dict[str, CheckRunner] = {}

    def on_threshold(self, change: Change) -> None:
        """Add a notice for the reached threshold."""
        self._notices.add(None, "change-update", change.id, change.notice)

    def plan_changed(self, plan: Plan) -> None:
        """Start new and changed checks at once; leave unchanged ones running."""
        for name, check in sorted(plan.checks.items()):
            context = check.exec.service_context if check.exec else ""
            new = CheckRunner(name, check, plan.services.get(context, Service()), self)
            old = self._runners.get(name)
            if old is not None and old.identity == new.identity:
                if not old.check.enabled and check.enabled:
                    old.check = check
                    if not old.is_running:
                        old.start()
                continue
            was_running = old is not None and old.is_running
            if old is not None:
                old.stop()
            self._runners[name] = new
            if check.enabled or was_running:
                new.start()

    def _named(self, action: str, names: Iterable[str]) -> list[CheckRunner]:
        checks = sorted(set(names))
        missing = [name for name in checks if name not in self._runners]
        if missing:
            raise UnknownCheckError(f"cannot {action} checks: cannot find checks in plan: {', '.join(missing)}")
        return [self._runners[name] for name in checks]

    def start(self, names: Iterable[str]) -> list[str]:
        """Start checks; return the names of those that were stopped."""
        changed = [runner for runner in self._named("start", names) if not runner.is_running]
        for runner in changed:
            runner.start()
        return [runner.name for runner in changed]

    def stop(self, names: Iterable[str]) -> list[str]:
        """Stop checks; return the names of those that were running."""
        changed = [runner for runner in self._named("stop", names) if runner.is_running]
        for runner in changed:
            runner.stop()
        return [runner.name for runner in changed]

    def replan(self) -> None:
        """Start the enabled checks that are stopped."""
        for runner in self._runners.values():
            if runner.check.enabled and not runner.is_running:
                runner.start()

    def stop_all(self) -> None:
        """Stop all checks, because the daemon ends."""
        for runner in self._runners.values():
            runner.stop()

    def find(self, name: str) -> CheckRunner | None:
        """Return a check by its name, or None."""
        return self._runners.get(name)

    def matching(self, level: str, names: Collection[str]) -> list[CheckRunner]:
        """Return the checks of exactly this level and these names; an empty value selects all."""
        return [
            runner
            for name, runner in sorted(self._runners.items())
            if level in ("", runner.check.level) and (not names or name in names)
        ]

    def healthy(self, level: str, names: Collection[str]) -> bool:
        """Return whether no check is down; the level ``ready`` includes ``alive``."""
        levels = LEVELS if level == "ready" else (level,)
        return not any(
            runner.status == "down" for runner in self.matching("", names) if not level or runner.check.level in levels
        )
