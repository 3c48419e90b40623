"""Whatever Pebble answers, the hook ends well, and the next event repairs it."""

import dataclasses

import ops
import pytest
from conftest import World
from ops import testing

CHANGE = ops.pebble.Change(
    ops.pebble.ChangeID("1"), "replan", "Replan", "Error", [], ready=True, err="boom", spawn_time=None, ready_time=None
)  # pyright: ignore[reportArgumentType]  a change that is only carried
FAULTS = [
    pytest.param(ops.pebble.ConnectionError("cannot connect"), id="connection"),
    pytest.param(ops.pebble.APIError({}, 500, "Internal Server Error", "it is broken"), id="api"),
    pytest.param(ops.pebble.TimeoutError("timed out"), id="timeout"),
    pytest.param(ops.pebble.PathError("generic-file-error", "disk full"), id="path"),
    pytest.param(ops.pebble.ChangeError("it went wrong", CHANGE), id="change"),
    pytest.param(ops.pebble.ProtocolError("not HTTP"), id="protocol"),
    pytest.param(OSError("broken pipe"), id="os"),
]
CALLS = (
    "can_connect",
    "pull",
    "push",
    "list_files",
    "get_plan",
    "get_services",
    "get_checks",
    "exec",
    "add_layer",
    "replan",
)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", CALLS)
def test_a_fault_ends_in_a_status_and_passes(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str, fault: Exception
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(ops.Container, call, fails)
        troubled = world.run(world.context().on.config_changed(), world.state())

    assert isinstance(troubled.unit_status, testing.WaitingStatus | testing.BlockedStatus)
    assert world.run(world.context().on.update_status(), troubled).unit_status == testing.ActiveStatus()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("call", ["push", "send_signal"])
def test_a_fault_while_reloading_is_made_good(
    world: World, monkeypatch: pytest.MonkeyPatch, call: str, fault: Exception
) -> None:
    settled = dataclasses.replace(world.settled(), config={"webserver-workers": 3})
    signals: list[object] = []

    def fails(*_: object, **__: object) -> None:
        raise fault

    with monkeypatch.context() as patch:
        patch.setattr(ops.Container, call, fails)
        troubled = world.run(world.context().on.config_changed(), settled)
    monkeypatch.setattr(ops.Container, "send_signal", lambda _, *given: signals.append(given))
    after = world.run(world.context().on.update_status(), troubled)

    assert isinstance(troubled.unit_status, testing.WaitingStatus)
    assert len(signals) == 1
    assert after.unit_status == testing.ActiveStatus()


def test_a_fault_while_stopping(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settled = world.settled()
    database = next(each for each in settled.relations if each.endpoint == "postgresql")

    def fails(*_: object, **__: object) -> None:
        raise ops.pebble.ConnectionError("cannot connect")

    monkeypatch.setattr(ops.Container, "stop", fails)
    after = world.run(world.context().on.relation_broken(database), settled)

    assert isinstance(after.unit_status, testing.WaitingStatus)
