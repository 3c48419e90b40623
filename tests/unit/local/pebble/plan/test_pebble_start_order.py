"""Services are ordered by after and before, and wait for each other by requires."""

from collections.abc import Collection

from paas_local.pebble.plan import start_order


def links(
    requires: dict[str, Collection[str]] | None = None, after: dict[str, Collection[str]] | None = None
) -> start_order.Links:
    names = {"a", "b", "c", "db", "solo", "web"}
    return start_order.Links(
        requires={name: (requires or {}).get(name, ()) for name in names},
        after={name: (after or {}).get(name, ()) for name in names},
    )


def test_required_services_are_started_in_the_same_lane():
    known = links(requires={"web": ["db"]}, after={"web": ["db"]})

    assert start_order.start(known, ["web", "solo"]) == (("db", "web"), ("solo",))


def test_after_alone_orders_but_does_not_wait():
    assert start_order.start(links(after={"a": ["b"], "b": ["c"]}), ["a", "b", "c"]) == (("c",), ("b",), ("a",))


def test_after_brings_nothing_in():
    assert start_order.start(links(after={"a": ["b"]}), ["a"]) == (("a",),)


def test_stops_the_other_way_round():
    known = links(requires={"web": ["db"]}, after={"web": ["db"]})

    assert start_order.stop(known, known.needing(["db"])) == (("web", "db"),)


def test_services_that_have_nothing_to_do_with_each_other_stop_by_name():
    assert start_order.stop(links(), ["b", "a"]) == (("a",), ("b",))


def test_lanes_that_turn_out_to_be_joined_are_one():
    known = links(requires={"web": ["a", "b"]}, after={"web": ["a", "b"]})

    assert start_order.start(known, ["web"]) == (("a", "b", "web"),)


def test_finds_services_that_wait_for_each_other():
    assert start_order.loop(links(after={"a": ["b"], "b": ["c"], "c": ["a"]}), ["a", "b", "c"]) == ["a", "b", "c"]
    assert start_order.loop(links(after={"a": ["a"], "b": ["a"]}), ["a", "b"]) == []
