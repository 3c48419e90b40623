"""The queue of the hooks of all units: a few run at a time, and first those that somebody waits for.

Actions and commands never wait. Of the others, a hook of a unit that is not active yet comes before one that only tells
an active unit about its peers. A hook that sleeps or hangs keeps its place for some seconds only, and no hook waits
longer than half a minute, so a hook may itself wait for one of another unit.
"""

import asyncio
import enum
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from paas_local.juju import events
from paas_local.juju.model import Model

HOLDS = 5.0
"""Seconds until a hook that still runs no longer keeps others waiting."""
PATIENCE = 30.0
"""Seconds that a hook waits at most."""
_PER_CORE = 2

Key: TypeAlias = tuple[str, str]
"""The names of a model and a unit."""


class Urgency(enum.IntEnum):
    """The classes of hooks, in their order."""

    AT_ONCE = 0
    NEXT = 1
    LATER = 2


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A hook that waits; times are those of the event loop."""

    urgency: Urgency
    since: float


def urgency(model: Model, name: str, event: events.Event) -> Urgency:
    """Return the class of a unit's next hook."""
    unit = model.unit(name)
    if isinstance(event, events.Run):
        return Urgency.AT_ONCE
    settled = unit is not None and unit.life == "alive" and unit.workload.current == "active"
    return Urgency.LATER if settled and _is_background(model, event) else Urgency.NEXT


def _is_background(model: Model, event: events.Event) -> bool:
    match event:
        case events.Lifecycle(step="update-status"):
            return True
        case events.Related(relation=number, change="joined" | "changed" | "departed") if number in model.relations:
            return model.relations[number].peer
        case _:
            return False


def due(running: Collection[float], waiting: Mapping[Key, Waiting], places: int, now: float) -> tuple[Key, ...]:
    """Return the units whose hooks start now, the most urgent first; ``running`` has the starts of those that run."""
    order = sorted(waiting, key=lambda key: (waiting[key].urgency, waiting[key].since))
    free = places - sum(now < began + HOLDS for began in running)
    return tuple(key for place, key in enumerate(order) if place < free or _must_start(waiting[key], now))


def _must_start(hook: Waiting, now: float) -> bool:
    return hook.urgency == Urgency.AT_ONCE or now >= hook.since + PATIENCE


def next_due(running: Collection[float], waiting: Mapping[Key, Waiting], now: float) -> float | None:
    """Return the time at which a hook that waits may start although none has ended."""
    freed = (began + HOLDS for began in running) if waiting else ()
    times = [*freed, *(hook.since + PATIENCE for hook in waiting.values())]
    return min((time for time in times if time > now), default=None)


class HookQueue:
    """The queue itself, for the agents of all models."""

    def __init__(self, places: int = 0) -> None:
        self._places = places or _PER_CORE * (os.cpu_count() or 1)
        self._running: dict[Key, float] = {}
        self._waiting: dict[Key, Waiting] = {}
        self._started: dict[Key, asyncio.Event] = {}
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, key: Key, urgency: Urgency) -> asyncio.Event:
        """Return the event that is set once the unit's next hook may start; a unit may ask again."""
        started = self._started.setdefault(key, asyncio.Event())
        if not started.is_set():
            since = self._waiting[key].since if key in self._waiting else asyncio.get_running_loop().time()
            self._waiting[key] = Waiting(urgency=urgency, since=since)
            self._start_due()
        return started

    def leave(self, key: Key) -> None:
        """Record that a unit's hook has ended, or that the unit no longer waits."""
        if self._started.pop(key, None) is not None:
            self._running.pop(key, None)
            self._waiting.pop(key, None)
            self._start_due()

    def _start_due(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for key in due(self._running.values(), self._waiting, self._places, now):
            del self._waiting[key]
            self._running[key] = now
            self._started[key].set()
        if self._timer is not None:
            self._timer.cancel()
        at = next_due(self._running.values(), self._waiting, now)
        self._timer = loop.call_at(at, self._start_due) if at is not None else None
