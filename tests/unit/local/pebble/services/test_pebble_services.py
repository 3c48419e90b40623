"""What follows when a service ends is decided by its exit code and its plan entry."""

import pytest
from paas_local.pebble.plan import durations
from paas_local.pebble.plan.plan import Plan, Service, Workload
from paas_local.pebble.services import services


@pytest.mark.parametrize(
    ("service", "code", "wanted"),
    [
        (Service(), 0, services.Ending(event="on-success", action="restart")),
        (Service(), 137, services.Ending(event="on-failure", action="restart")),
        (Service(on_success="ignore"), 0, services.Ending(event="on-success", action="ignore")),
        (Service(on_failure="shutdown"), 1, services.Ending(event="on-failure", action="shutdown")),
    ],
)
def test_the_exit_code_chooses_the_action(service: Service, code: int, wanted: services.Ending):
    assert services.ending(service, code) == wanted


def test_the_backoff_grows_up_to_its_limit():
    service = Service(backoff_delay=durations.parse("300ms"), backoff_factor=3, backoff_limit=durations.parse("1s"))
    waits = [0.0]
    for _ in range(4):
        waits.append(services.next_backoff(service, waits[-1]))

    assert waits[1:] == pytest.approx([0.3, 0.9, 1, 1])


def test_the_environment_of_a_service_wins_over_that_of_its_workload(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("A", "daemon")
    plan = Plan(workloads={"w": Workload(environment={"A": "workload", "B": "workload"})})

    found = services.context(plan, Service(workload="w", environment={"B": "service"}))

    assert (found.environment["A"], found.environment["B"]) == ("workload", "service")


def test_a_user_brings_home_and_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/elsewhere")

    found = services.context(Plan(), Service(user="root"))

    assert (found.environment["HOME"], found.environment["USER"]) == ("/root", "root")
