"""The queue of the hooks of all units."""

import asyncio
import dataclasses

import model_builders
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_builders import FLASK, POSTGRES
from paas_local.controller import hook_queue
from paas_local.controller.hook_queue import HOLDS, PATIENCE, HookQueue, Key, Urgency, Waiting
from paas_local.juju import events, operations
from paas_local.juju.model import Model, Status, with_unit

UNIT = "flask-k8s/0"
NOW = 1000.0
PLACES = 2


def key(name: str) -> Key:
    return "demo", name


def waiting(**hooks: tuple[Urgency, float]) -> dict[Key, Waiting]:
    return {key(name): Waiting(urgency=urgency, since=NOW - age) for name, (urgency, age) in hooks.items()}


def names(keys: tuple[Key, ...]) -> list[str]:
    return [name for _, name in keys]


def with_status(model: Model, current: str) -> Model:
    unit = model.applications["flask-k8s"].units[UNIT]
    return with_unit(model, dataclasses.replace(unit, workload=Status(current=current)))


@pytest.fixture
def model() -> Model:
    """Return a model with three active peers that are related to a database."""
    model = model_builders.deployed(model_builders.empty(), FLASK, units=3)
    model = model_builders.deployed(model, POSTGRES)
    model = model_builders.idle(operations.integrate(model, "flask-k8s:db", "postgresql-k8s"))
    return with_status(model, "active")


def related(model: Model, change: events.RelationStep, endpoint: str = "secret-storage") -> events.Related:
    numbers = {end.endpoint: number for number, relation in model.relations.items() for end in relation.ends}
    return events.Related(
        relation=numbers[endpoint], endpoint=endpoint, change=change, application="flask-k8s", unit="flask-k8s/1"
    )


@pytest.mark.parametrize("change", ["joined", "changed", "departed"])
def test_what_an_active_unit_hears_of_its_peers_comes_later(model: Model, change: events.RelationStep):
    assert hook_queue.urgency(model, UNIT, related(model, change)) == Urgency.LATER


def test_update_status_of_an_active_unit_comes_later(model: Model):
    assert hook_queue.urgency(model, UNIT, events.Lifecycle(step="update-status")) == Urgency.LATER


@pytest.mark.parametrize("status", ["waiting", "maintenance", "blocked", "unknown"])
def test_every_hook_of_a_unit_that_is_not_active_comes_next(model: Model, status: str):
    model = with_status(model, status)

    for event in (related(model, "changed"), events.Lifecycle(step="update-status")):
        assert hook_queue.urgency(model, UNIT, event) == Urgency.NEXT


def test_hooks_that_somebody_waits_for_come_next(model: Model):
    for event in (
        related(model, "created"),
        related(model, "changed", endpoint="db"),
        events.Lifecycle(step="config-changed"),
        events.PebbleReady(container="app", start=1),
    ):
        assert hook_queue.urgency(model, UNIT, event) == Urgency.NEXT


def test_hooks_of_a_unit_that_is_removed_come_next(model: Model):
    model = operations.remove_units(model, "flask-k8s", 3)

    assert hook_queue.urgency(model, UNIT, related(model, "departed")) == Urgency.NEXT


def test_an_action_starts_at_once(model: Model):
    assert hook_queue.urgency(model, UNIT, events.Run(task=1, action="rotate")) == Urgency.AT_ONCE


def test_hooks_start_by_their_urgency_and_then_by_their_age():
    hooks = waiting(old=(Urgency.LATER, 9), young=(Urgency.NEXT, 1), middle=(Urgency.NEXT, 5))

    assert names(hook_queue.due([], hooks, 3, NOW)) == ["middle", "young", "old"]
    assert names(hook_queue.due([], hooks, PLACES, NOW)) == ["middle", "young"]
    assert names(hook_queue.due([NOW - 1], hooks, PLACES, NOW)) == ["middle"]
    assert hook_queue.due([NOW - 1, NOW - 1], hooks, PLACES, NOW) == ()


def test_an_action_starts_although_no_place_is_free():
    hooks = waiting(hook=(Urgency.NEXT, 9), action=(Urgency.AT_ONCE, 0))

    assert names(hook_queue.due([NOW, NOW, NOW], hooks, PLACES, NOW)) == ["action"]


def test_a_long_hook_keeps_nothing_waiting():
    hooks = waiting(a=(Urgency.LATER, 1), b=(Urgency.LATER, 0))

    assert names(hook_queue.due([NOW - HOLDS, NOW], hooks, PLACES, NOW)) == ["a"]


def test_a_hook_that_has_waited_long_starts_although_no_place_is_free():
    hooks = waiting(a=(Urgency.LATER, PATIENCE), b=(Urgency.NEXT, 1))

    assert names(hook_queue.due([NOW, NOW], hooks, PLACES, NOW)) == ["a"]


def test_the_queue_looks_again_when_a_hook_is_long_or_has_waited_long():
    hooks = waiting(a=(Urgency.LATER, 1))

    assert hook_queue.next_due([NOW - HOLDS, NOW - 2], hooks, NOW) == NOW - 2 + HOLDS
    assert hook_queue.next_due([], hooks, NOW) == NOW - 1 + PATIENCE
    assert hook_queue.next_due([NOW], {}, NOW) is None


AGES = st.floats(min_value=0, max_value=2 * PATIENCE, allow_nan=False)


@settings(max_examples=100, deadline=None)
@given(
    running=st.lists(AGES.map(lambda age: NOW - age), max_size=6),
    hooks=st.dictionaries(st.text(max_size=3).map(key), st.tuples(st.sampled_from(Urgency), AGES), max_size=6),
    places=st.integers(min_value=1, max_value=4),
)
def test_no_hook_waits_longer_than_half_a_minute_or_next_to_a_free_place(
    running: list[float], hooks: dict[Key, tuple[Urgency, float]], places: int
):
    queue = {each: Waiting(urgency=urgency, since=NOW - age) for each, (urgency, age) in hooks.items()}

    started = hook_queue.due(running, queue, places, NOW)
    left = {each: hook for each, hook in queue.items() if each not in started}
    now_running = [*running, *(NOW for _ in started)]

    assert all(hook.since + PATIENCE > NOW and hook.urgency != Urgency.AT_ONCE for hook in left.values())
    assert not left or sum(began + HOLDS > NOW for began in now_running) >= places
    assert hook_queue.due(now_running, left, places, NOW) == ()
    later = hook_queue.next_due(now_running, left, NOW)
    assert (later is not None and later <= NOW + PATIENCE) if left else later is None


def test_a_hook_starts_once_another_has_ended():
    async def run() -> None:
        queue = HookQueue(places=1)
        first = queue.ask(key("a/0"), Urgency.NEXT)
        second = queue.ask(key("b/0"), Urgency.NEXT)
        assert (first.is_set(), second.is_set()) == (True, False)

        queue.leave(key("a/0"))

        assert second.is_set()
        assert not queue.ask(key("a/0"), Urgency.NEXT).is_set()

    asyncio.run(run())


def test_a_unit_that_asks_again_keeps_its_age_and_may_become_more_urgent():
    async def run() -> None:
        queue = HookQueue(places=1)
        queue.ask(key("a/0"), Urgency.NEXT)
        waits = [queue.ask(key(unit), Urgency.LATER) for unit in ("b/0", "c/0")]
        assert queue.ask(key("b/0"), Urgency.LATER) is waits[0]

        assert queue.ask(key("c/0"), Urgency.AT_ONCE).is_set()
        queue.ask(key("d/0"), Urgency.LATER)
        queue.leave(key("a/0"))
        queue.leave(key("c/0"))

        assert waits[0].is_set()

    asyncio.run(run())


def test_a_unit_that_gives_up_is_forgotten():
    async def run() -> None:
        queue = HookQueue(places=1)
        queue.ask(key("a/0"), Urgency.NEXT)
        abandoned = queue.ask(key("b/0"), Urgency.NEXT)
        last = queue.ask(key("c/0"), Urgency.LATER)

        queue.leave(key("b/0"))
        queue.leave(key("a/0"))

        assert (abandoned.is_set(), last.is_set()) == (False, True)

    asyncio.run(run())


def test_a_hook_starts_next_to_a_long_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hook_queue, "HOLDS", 0.01)

    async def run() -> None:
        queue = HookQueue(places=1)
        queue.ask(key("a/0"), Urgency.NEXT)

        await queue.ask(key("b/0"), Urgency.LATER).wait()

    asyncio.run(run())
