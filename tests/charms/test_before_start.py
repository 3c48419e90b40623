"""Steps that must succeed in a container before the application starts: the check and ``before-start.sh``."""

import dataclasses

import ops
import pytest
from flask_scenario import SERVED, Scenario, environment, healthy
from ops import testing

STEP = ("bash", "-eo", "pipefail", "before-start.sh")
FAILING_CHECK = testing.Exec(["/bin/python3", "-m", "gunicorn"], return_code=1, stdout="no module named app")


def runs(scenario: Scenario, *words: str) -> int:
    history = scenario.context().exec_history.get(scenario.container, [])
    return sum(tuple(each.command[: len(words)]) == words for each in history)


def runs_flask(state: testing.State) -> bool:
    (container,) = state.containers
    return container.service_statuses.get("flask") == ops.pebble.ServiceStatus.ACTIVE


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr("time.time", lambda: seconds)


class TestBeforeStart:
    """An image's ``before-start.sh`` prepares each container."""

    @pytest.fixture(autouse=True)
    def image(self, scenario: Scenario) -> None:
        scenario.image_file("before-start.sh")
        scenario.commands = {SERVED, testing.Exec(["bash"])}

    def test_it_runs_once_in_each_container_of_every_unit(self, scenario: Scenario) -> None:
        after = healthy(scenario.run(scenario.context().on.config_changed(), scenario.state(leader=False)))
        assert runs_flask(after)
        assert runs(scenario, *STEP) == 1

        after = scenario.run(scenario.context().on.update_status(), after)
        scenario.run(scenario.context().on.config_changed(), dataclasses.replace(after, config={"greeting": "Hi"}))
        assert runs(scenario, *STEP) == 1

        scenario.new_container()
        scenario.run(scenario.context().on.pebble_ready(scenario.workload()), scenario.state(leader=False))
        assert runs(scenario, *STEP) == 2

    def test_it_runs_after_the_migration_with_the_service_s_environment(self, scenario: Scenario) -> None:
        scenario.image_file("migrate.sh")

        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        scripts = [each for each in scenario.context().exec_history[scenario.container] if each.command[0] == "bash"]
        assert [each.command[-1] for each in scripts] == ["migrate.sh", "before-start.sh"]
        assert dict(scripts[-1].environment) == environment(after)
        assert (scripts[-1].working_dir, scripts[-1].user) == ("/flask/app", "_daemon_")

    def test_a_failure_keeps_the_application_from_starting_and_is_retried_later(
        self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scenario.commands = {SERVED, testing.Exec(["bash"], return_code=1, stdout="no space left")}
        at(monkeypatch, 0)

        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert not runs_flask(after)
        assert after.unit_status == testing.WaitingStatus(
            "the step before the start failed: bash -eo pipefail before-start.sh: no space left (attempt 1; it is "
            "tried again at a later event, at once when the configuration changes)"
        )

        at(monkeypatch, 29)
        after = scenario.run(scenario.context().on.update_status(), after)
        assert runs(scenario, *STEP) == 1

        at(monkeypatch, 30)
        after = scenario.run(scenario.context().on.update_status(), after)
        assert runs(scenario, *STEP) == 2
        assert "(attempt 2;" in after.unit_status.message


class TestCheck:
    """A failing check of Gunicorn's configuration is not run at every event."""

    def test_it_is_run_again_after_a_pause(self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
        scenario.commands = {FAILING_CHECK}
        at(monkeypatch, 0)
        failed = scenario.run(scenario.context().on.config_changed(), scenario.state())

        at(monkeypatch, 29)
        again = scenario.run(scenario.context().on.update_status(), failed)
        assert runs(scenario, "/bin/python3", "-m", "gunicorn") == 1
        assert again.unit_status == failed.unit_status
        assert again.unit_status.name == "blocked"

        at(monkeypatch, 30)
        scenario.run(scenario.context().on.update_status(), again)
        assert runs(scenario, "/bin/python3", "-m", "gunicorn") == 2

    @pytest.mark.parametrize("config", [{"greeting": "Hi"}, {"webserver-workers": 2}])
    def test_it_is_run_at_once_after_a_change(
        self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch, config: dict[str, int | str]
    ) -> None:
        scenario.commands = {FAILING_CHECK}
        at(monkeypatch, 0)
        failed = scenario.run(scenario.context().on.config_changed(), scenario.state())

        scenario.run(scenario.context().on.config_changed(), dataclasses.replace(failed, config=config))

        assert runs(scenario, "/bin/python3", "-m", "gunicorn") == 2

    def test_the_next_failure_after_a_success_has_a_short_pause(
        self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scenario.commands = {FAILING_CHECK}
        at(monkeypatch, 0)
        failed = scenario.run(scenario.context().on.config_changed(), scenario.state())
        scenario.commands = {SERVED}
        at(monkeypatch, 30)
        (container,) = failed.containers

        after = scenario.run(
            scenario.context().on.update_status(),
            dataclasses.replace(failed, containers={dataclasses.replace(container, execs=scenario.commands)}),
        )

        assert after.unit_status == testing.ActiveStatus()
        assert '"failures": {}' in (scenario.root / "tmp/state/charm.json").read_text()
