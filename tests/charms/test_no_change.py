"""An event that changes nothing does nothing."""

import typing

import ops
import pytest
from conftest import World
from ops import testing

ACTS = ("push", "exec", "add_layer", "replan", "restart", "start", "stop", "send_signal", "make_dir", "remove_path")


def events(world: World, state: testing.State) -> typing.Iterator[tuple[str, object]]:
    on = world.context().on
    (container,) = state.containers
    database = next(each for each in state.relations if each.endpoint == "postgresql")
    yield "config-changed", on.config_changed()
    yield "update-status", on.update_status()
    yield "pebble-ready", on.pebble_ready(container)
    yield "leader-elected", on.leader_elected()
    yield "upgrade-charm", on.upgrade_charm()
    yield "relation-changed", on.relation_changed(database)
    yield "start", on.start()


def test_an_event_without_news_touches_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = world.settled()
    database = next(each for each in settled.relations if each.endpoint == "postgresql")
    settled = world.run(world.context().on.relation_changed(database), settled)  # the library notes what it has seen
    for name in ACTS:
        monkeypatch.setattr(ops.Container, name, lambda *_, name=name, **__: pytest.fail(f"called {name}"))

    for name, event in events(world, settled):
        world.context().unit_status_history.clear()
        after = world.run(event, settled)

        assert after.unit_status == testing.ActiveStatus(), name
        assert world.context().unit_status_history == [], name
        assert after.relations == settled.relations, name
        assert after.containers == settled.containers, name
        assert after.secrets == settled.secrets, name


def test_each_fact_is_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = world.settled()
    asked: list[str] = []
    for name in ("pull", "get_plan", "get_services", "get_checks", "can_connect", "list_files"):
        real = getattr(ops.Container, name)
        monkeypatch.setattr(
            ops.Container,
            name,
            lambda *args, name=name, real=real, **kwargs: (asked.append(name), real(*args, **kwargs))[1],
        )

    world.run(world.context().on.update_status(), settled)

    assert sorted(asked) == ["can_connect", "get_checks", "get_plan", "get_services", "pull", "pull"]


def test_the_status_is_never_maintenance_on_the_way(world: World) -> None:
    settled = world.settled()
    world.context().unit_status_history.clear()

    world.run(world.context().on.config_changed(), settled)

    assert world.context().unit_status_history == []


def test_the_application_status_is_left_to_juju(world: World) -> None:
    settled = world.settled()

    assert settled.app_status == testing.UnknownStatus()
