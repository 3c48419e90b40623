"""The services of the plan: start, stop, signals and status."""

import signal
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from paas_local.pebble.plan.plan import Plan, Service
from paas_local.pebble.services.changes import Task, TaskError, stamp
from paas_local.pebble.services.service import Parts, StartedService


class SignalError(Exception):
    """A signal that cannot be sent; the message names the service and the reason."""


class Services:
    """The services of the plan."""

    def __init__(self, parts: Parts) -> None:
        self.plan: Callable[[], Plan] = parts.plan
        self._parts: Parts = parts
        self._started: dict[str, StartedService] = {}

    @property
    def configs(self) -> Mapping[str, Service]:
        """The plan entries of the started services, as of their last start."""
        return {name: service.config for name, service in self._started.items()}

    @property
    def up(self) -> frozenset[str]:
        """The names of the services that a stop would stop."""
        return frozenset(name for name, service in self._started.items() if service.is_up)

    def documents(self, names: Iterable[str] = ()) -> list[dict[str, Any]]:
        """Return the JSON documents of these services of the plan, or of all."""
        selected = set(names)
        return [
            self._document(name, service)
            for name, service in sorted(self.plan().services.items())
            if not selected or name in selected
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
        """Start a service with its entry in the current plan; raises TaskError."""
        entry = self.plan().services.get(name)
        if entry is None:
            raise TaskError(f'cannot find service "{name}" in plan')
        if name not in self._started:
            self._started[name] = StartedService(name, entry, self._parts)
        self._started[name].config = entry
        await self._started[name].start(task)

    async def stop(self, name: str, task: Task) -> None:
        """Stop a service; raises TaskError. A service that was never started gets a note."""
        if name in self._started:
            await self._started[name].stop(task)
        else:
            task.note("INFO", f'Service "{name}" has never been started.')

    def signal(self, name: str, names: Iterable[str]) -> None:
        """Send a signal to services; raises SignalError for all that cannot receive it."""
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
        """Run the actions of all started services for a check that is down."""
        for service in self._started.values():
            action = (service.config.on_check_failure or {}).get(check)
            if action:
                service.check_failed(action)

    def starts(self) -> Mapping[str, tuple[bool, int]]:
        """Return for each started service whether it is active, and its number of starts."""
        return {name: (service.current == "active", service.starts) for name, service in sorted(self._started.items())}
