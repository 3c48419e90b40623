"""A request on services becomes lanes of stops and starts under one summary."""

from collections.abc import Mapping

import pytest
from paas_local.pebble.plan.plan import Plan, Service
from paas_local.pebble.services import actions

ON = Service(override="replace", command="x", startup="enabled")
OFF = Service(override="replace", command="x")
PLAN = Plan(services={"on": ON, "off": OFF, "web": Service(command="x", requires=("off",), after=("off",))})


def course(action: str, *names: str, given: Mapping[str, Service] | None = None) -> actions.Course:
    return actions.course(action, names, PLAN, given or {})


def test_a_start_brings_in_what_is_required():
    found = course("start", "web", "on")

    assert found.summary == 'Start service "web" and 2 more'
    assert found.start == (("off", "web"), ("on",))


def test_a_stop_brings_in_what_requires_it():
    assert course("stop", "off").stop == (("web", "off"),)


def test_a_restart_stops_only_what_is_named():
    found = course("restart", "off")

    assert (found.stop, found.start) == ((("off",),), (("off",),))


def test_a_replan_without_work_says_so():
    plan = Plan(services={"off": OFF})

    assert actions.course("replan", [], plan, {}) == actions.Course(summary="Replan - no services")


def test_a_replan_restarts_what_differs_from_what_it_was_given():
    found = course("replan", given={"off": Service(command="old"), "on": ON})

    assert found.summary == 'Replan service "off" and 2 more'
    assert found.stop == (("web", "off"),)
    assert found.start == (("off",), ("on",))


def test_autostart_starts_what_is_enabled():
    assert course("autostart") == actions.Course(summary='Autostart service "on"', start=(("on",),))


@pytest.mark.parametrize(
    ("action", "names", "problem"),
    [
        ("start", [], "must specify services for start action"),
        ("start", ["nope"], 'cannot start services: service "nope" does not exist'),
        ("replan", ["on"], "replan accepts no service names"),
        ("dance", ["on"], 'invalid action "dance"'),
    ],
)
def test_refuses_in_words(action: str, names: list[str], problem: str):
    with pytest.raises(actions.BadActionError) as raised:
        course(action, *names)

    assert str(raised.value) == problem


def test_an_autostart_of_nothing_has_its_own_kind():
    with pytest.raises(actions.BadActionError, match="no default services") as raised:
        actions.course("autostart", [], Plan(services={"off": OFF}), {})

    assert raised.value.kind == "no-default-services"
