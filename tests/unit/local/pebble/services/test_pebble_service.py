"""The exit code and the plan entry of a service decide the action after its exit."""

import pytest
from paas_local.pebble.plan import durations
from paas_local.pebble.plan.plan import Plan, Service, Workload
from paas_local.pebble.services import service as service_module


@pytest.mark.parametrize(
    ("service", "code", "action"),
    [
        (Service(), 0, service_module.ExitAction(event="on-success", action="restart")),
        (Service(), 137, service_module.ExitAction(event="on-failure", action="restart")),
        (Service(on_success="ignore"), 0, service_module.ExitAction(event="on-success", action="ignore")),
        (Service(on_failure="shutdown"), 1, service_module.ExitAction(event="on-failure", action="shutdown")),
    ],
)
def test_the_exit_code_chooses_the_action(service: Service, code: int, action: service_module.ExitAction):
    assert service_module.exit_action(service, code) == action


def test_the_backoff_grows_up_to_its_limit():
    service = Service(backoff_delay=durations.parse("300ms"), backoff_factor=3, backoff_limit=durations.parse("1s"))
    waits = [0.0]
    for _ in range(4):
        waits.append(service_module.next_backoff(service, waits[-1]))

    assert waits[1:] == pytest.approx([0.3, 0.9, 1, 1])


def test_the_environment_of_a_service_overrides_that_of_its_workload(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("A", "daemon")
    plan = Plan(workloads={"w": Workload(environment={"A": "workload", "B": "workload"})})

    context = service_module.context(plan, Service(workload="w", environment={"B": "service"}))

    assert (context.environment["A"], context.environment["B"]) == ("workload", "service")


def test_a_user_sets_home_and_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/elsewhere")

    context = service_module.context(Plan(), Service(user="root"))

    assert (context.environment["HOME"], context.environment["USER"]) == ("/root", "root")
