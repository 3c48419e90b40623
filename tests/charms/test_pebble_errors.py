"""Tests of Pebble errors: the hook succeeds, and the next event repairs the workload."""

import dataclasses
import datetime as dt

import ops
import pytest
from flask_scenario import CALLS, Calls, Failing, Scenario, relation
from ops import testing

CHANGE = ops.pebble.Change(
    ops.pebble.ChangeID("1"),
    "replan",
    "Replan",
    "Error",
    [],
    ready=True,
    err="boom",
    spawn_time=dt.datetime(2026, 11, 23, tzinfo=dt.timezone.utc),
    ready_time=None,
)
ERRORS = [
    pytest.param(ops.pebble.ConnectionError("cannot connect"), id="connection"),
    pytest.param(ops.pebble.APIError({}, 500, "Internal Server Error", "it is broken"), id="api"),
    pytest.param(ops.pebble.TimeoutError("timed out"), id="timeout"),
    pytest.param(ops.pebble.PathError("generic-file-error", "disk full"), id="path"),
    pytest.param(ops.pebble.ChangeError("it went wrong", CHANGE), id="change"),
    pytest.param(ops.pebble.ProtocolError("not HTTP"), id="protocol"),
    pytest.param(OSError("broken pipe"), id="os"),
]


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", sorted({*CALLS} - {"remove_path", "restart", "send_signal", "stop"}))
def test_an_error_at_the_first_start_is_a_status_and_passes(
    scenario: Scenario, failing: Failing, call: str, error: Exception
) -> None:
    with failing(call, error):
        failed = scenario.run(scenario.context().on.config_changed(), scenario.state())

    assert isinstance(failed.unit_status, testing.WaitingStatus | testing.BlockedStatus)
    assert scenario.run(scenario.context().on.update_status(), failed).unit_status == testing.ActiveStatus()


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("call", ["push", "send_signal"])
def test_an_error_while_reloading_is_repaired(
    scenario: Scenario, calls: Calls, failing: Failing, call: str, error: Exception
) -> None:
    settled = dataclasses.replace(scenario.settled(), config={"webserver-workers": 3})

    with failing(call, error):
        failed = scenario.run(scenario.context().on.config_changed(), settled)
    calls.clear()
    after = scenario.run(scenario.context().on.update_status(), failed)

    assert isinstance(failed.unit_status, testing.WaitingStatus)
    assert calls.names().count("send_signal") == 1
    assert after.unit_status == testing.ActiveStatus()


@pytest.mark.parametrize("error", ERRORS)
def test_an_error_while_stopping_is_repaired(scenario: Scenario, failing: Failing, error: Exception) -> None:
    settled = scenario.settled()

    with failing("stop", error):
        after = scenario.run(scenario.context().on.relation_broken(relation(settled)), settled)

    assert isinstance(after.unit_status, testing.WaitingStatus)
