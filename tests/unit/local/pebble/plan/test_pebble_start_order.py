"""Services are sorted by after and before, and joined into lanes by requires."""

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


def test_after_sorts_without_joining_lanes():
    assert start_order.start(links(after={"a": ["b"], "b": ["c"]}), ["a", "b", "c"]) == (("c",), ("b",), ("a",))


def test_after_adds_no_services():
    assert start_order.start(links(after={"a": ["b"]}), ["a"]) == (("a",),)


def test_stops_in_the_opposite_order():
    known = links(requires={"web": ["db"]}, after={"web": ["db"]})

    assert start_order.stop(known, known.requiring(["db"])) == (("web", "db"),)


def test_independent_services_stop_in_the_order_of_their_names():
    assert start_order.stop(links(), ["b", "a"]) == (("a",), ("b",))


def test_lanes_that_a_later_service_joins_become_one():
    known = links(requires={"web": ["a", "b"]}, after={"web": ["a", "b"]})

    assert start_order.start(known, ["web"]) == (("a", "b", "web"),)


def test_finds_a_cycle_of_services():
    assert start_order.cycle(links(after={"a": ["b"], "b": ["c"], "c": ["a"]}), ["a", "b", "c"]) == ["a", "b", "c"]
    assert start_order.cycle(links(after={"a": ["a"], "b": ["a"]}), ["a", "b"]) == []
