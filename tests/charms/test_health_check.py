"""The check of the application, which ``paas-config.yaml`` changes or switches off."""

import dataclasses
import typing

import ops
import pytest
from flask_scenario import Scenario
from ops import testing


def checks(state: testing.State) -> dict[str, dict[str, typing.Any]]:
    (container,) = state.containers
    return {name: dict(check.to_dict()) for name, check in container.plan.checks.items()}


def does_nothing(_: ops.Container) -> None:
    """Do not start any service."""


def test_the_default_connects_to_the_port(scenario: Scenario) -> None:
    after = scenario.run(scenario.context().on.config_changed(), scenario.state())

    assert checks(after)["answers"]["tcp"] == {"port": 8000}


def test_a_path_is_requested(scenario: Scenario) -> None:
    scenario.paas_config = "health-check: /healthz\nport: 8001\n"

    after = scenario.run(scenario.context().on.config_changed(), scenario.state())

    assert checks(after)["answers"]["http"] == {"url": "http://localhost:8001/healthz"}
    assert "tcp" not in checks(after)["answers"]


def test_a_path_that_does_not_answer_is_in_the_status(scenario: Scenario) -> None:
    scenario.paas_config = "health-check: /healthz\n"
    settled = scenario.settled()
    (container,) = settled.containers
    infos = {
        dataclasses.replace(info, failures=3, status=ops.pebble.CheckStatus.DOWN) for info in container.check_infos
    }
    down = dataclasses.replace(settled, containers={dataclasses.replace(container, check_infos=infos)})

    after = scenario.run(scenario.context().on.update_status(), down)

    assert after.unit_status == testing.WaitingStatus("flask does not answer on port 8000 at /healthz yet")


class TestWithoutCheck:
    """An application without a port: a bot, or workers only."""

    @pytest.fixture(autouse=True)
    def config(self, scenario: Scenario) -> None:
        scenario.paas_config = "health-check: none\n"

    def test_it_is_active_once_its_service_runs(self, scenario: Scenario) -> None:
        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert after.unit_status == testing.ActiveStatus()
        assert checks(after) == {}

    def test_an_event_without_a_change_does_nothing(self, scenario: Scenario, calls: typing.Any) -> None:
        settled = scenario.settled()
        calls.clear()

        scenario.run(scenario.context().on.update_status(), settled)

        assert not {"add_layer", "replan", "exec", "push", "restart"} & set(calls.names())

    def test_it_waits_while_its_service_does_not_run(self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(ops.Container, "replan", does_nothing)

        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert after.unit_status == testing.WaitingStatus("flask does not run (Pebble goes on trying)")

    def test_a_service_that_may_end_is_active_after_its_end(
        self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ops.Container, "replan", does_nothing)
        scenario.image["flask"] = {**scenario.image["flask"], "on-success": "ignore"}

        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert after.unit_status == testing.ActiveStatus()

    def test_lost_notes_do_not_make_the_charm_s_variables_the_image_s(self, scenario: Scenario) -> None:
        settled = scenario.settled(config={"greeting": "Hi"})
        (scenario.root / "tmp/state/charm.json").unlink()
        database = next(each for each in settled.relations if each.endpoint == "postgresql")
        scenario.meta["requires"]["postgresql"]["optional"] = True

        after = scenario.run(
            scenario.context().on.update_status(),
            dataclasses.replace(settled, relations=settled.relations - {database}),
        )

        (container,) = after.containers
        assert not [name for name in container.plan.services["flask"].environment if name.startswith("POSTGRESQL")]


@pytest.mark.parametrize("value", ["off", "healthz", "3"])
def test_another_value_is_refused(scenario: Scenario, value: str) -> None:
    scenario.paas_config = f"health-check: '{value}'\n"

    after = scenario.run(scenario.context().on.config_changed(), scenario.state())

    assert after.unit_status == testing.BlockedStatus(
        "invalid paas-config.yaml: health-check (must be none, or a path such as /healthz)"
    )
