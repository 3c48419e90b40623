"""A request on services becomes lanes of stops and starts under one summary."""

from collections.abc import Mapping

import pytest
from paas_local.pebble.plan.plan import Plan, Service
from paas_local.pebble.services import actions

ON = Service(override="replace", command="x", startup="enabled")
OFF = Service(override="replace", command="x")
PLAN = Plan(services={"on": ON, "off": OFF, "web": Service(command="x", requires=("off",), after=("off",))})


def decide(action: str, *names: str, configs: Mapping[str, Service] | None = None) -> actions.ServiceChange:
    return actions.decide(action, names, PLAN, configs or {})


def test_a_start_includes_required_services():
    change = decide("start", "web", "on")

    assert change.summary == 'Start service "web" and 2 more'
    assert change.start == (("off", "web"), ("on",))


def test_a_stop_includes_the_services_that_require_it():
    assert decide("stop", "off").stop == (("web", "off"),)


def test_a_restart_stops_only_the_services_of_the_request():
    change = decide("restart", "off")

    assert (change.stop, change.start) == ((("off",),), (("off",),))


def test_a_replan_without_changes_has_no_services():
    plan = Plan(services={"off": OFF})

    assert actions.decide("replan", [], plan, {}) == actions.ServiceChange(summary="Replan - no services")


def test_a_replan_restarts_services_with_a_changed_entry():
    change = decide("replan", configs={"off": Service(command="old"), "on": ON})

    assert change.summary == 'Replan service "off" and 2 more'
    assert change.stop == (("web", "off"),)
    assert change.start == (("off",), ("on",))


def test_autostart_starts_the_enabled_services():
    assert decide("autostart") == actions.ServiceChange(summary='Autostart service "on"', start=(("on",),))


@pytest.mark.parametrize(
    ("action", "names", "problem"),
    [
        ("start", [], "must specify services for start action"),
        ("start", ["nope"], 'cannot start services: service "nope" does not exist'),
        ("replan", ["on"], "replan accepts no service names"),
        ("dance", ["on"], 'invalid action "dance"'),
    ],
)
def test_refuses_with_a_message(action: str, names: list[str], problem: str):
    with pytest.raises(actions.BadActionError) as raised:
        decide(action, *names)

    assert str(raised.value) == problem


def test_an_autostart_without_services_has_its_own_kind():
    with pytest.raises(actions.BadActionError, match="no default services") as raised:
        actions.decide("autostart", [], Plan(services={"off": OFF}), {})

    assert raised.value.kind == "no-default-services"
