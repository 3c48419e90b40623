"""An event that changes nothing does nothing."""

import typing

from ops import testing
from world import Calls, World, relation

LOOKS = {"can_connect", "get_checks", "get_plan", "get_services", "pull"}


def events(world: World, state: testing.State) -> typing.Iterator[tuple[str, object]]:
    on = world.context().on
    (container,) = state.containers
    database = relation(state)
    yield "config-changed", on.config_changed()
    yield "update-status", on.update_status()
    yield "pebble-ready", on.pebble_ready(container)
    yield "leader-elected", on.leader_elected()
    yield "upgrade-charm", on.upgrade_charm()
    yield "relation-changed", on.relation_changed(database)
    yield "start", on.start()


def test_an_event_without_news_touches_nothing(world: World, calls: Calls) -> None:
    settled = world.settled()
    database = relation(settled)
    settled = world.run(world.context().on.relation_changed(database), settled)  # the library notes what it has seen

    for name, event in events(world, settled):
        world.context().unit_status_history.clear()
        calls.clear()
        after = world.run(event, settled)

        assert LOOKS.issuperset(calls.names()), name
        assert after.unit_status == testing.ActiveStatus(), name
        assert world.context().unit_status_history == [], name
        assert after.relations == settled.relations, name
        assert after.containers == settled.containers, name
        assert after.secrets == settled.secrets, name


def test_each_fact_is_read_once(world: World, calls: Calls) -> None:
    settled = world.settled()
    calls.clear()

    world.run(world.context().on.update_status(), settled)

    assert sorted(calls.names()) == ["can_connect", "get_checks", "get_plan", "get_services", "pull", "pull"]


def test_the_status_is_never_maintenance_on_the_way(world: World) -> None:
    settled = world.settled()
    world.context().unit_status_history.clear()

    world.run(world.context().on.config_changed(), settled)

    assert world.context().unit_status_history == []


def test_the_application_status_is_left_to_juju(world: World) -> None:
    settled = world.settled()

    assert settled.app_status == testing.UnknownStatus()
