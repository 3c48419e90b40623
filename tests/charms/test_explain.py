"""Tests of the action ``explain``, which lists the source of each variable."""

import paas_flask
import pytest
from flask_scenario import DATABASE, KEY, Scenario
from ops import testing


@pytest.fixture(autouse=True)
def declared(scenario: Scenario) -> None:
    scenario.meta["actions"]["explain"] = {"description": "Where the variables come from."}


def explained(scenario: Scenario, state: testing.State) -> dict[str, str]:
    scenario.run(scenario.context().on.action("explain"), state)
    results = scenario.context().action_results
    assert results is not None
    return dict(line.split(": ", 1) for line in results["variables"].splitlines())


def test_lists_each_variable_with_its_source(scenario: Scenario) -> None:
    explanation = explained(scenario, scenario.settled(config={"greeting": "Welcome"}))

    assert explanation["FLASK_GREETING"] == "option greeting"
    assert explanation["POSTGRESQL_DB_HOSTNAME"] == "integration postgresql"
    assert explanation["FLASK_SECRET_KEY"] == "the generated secret key"


def test_never_shows_a_value(scenario: Scenario) -> None:
    state = scenario.settled(config={"greeting": "Welcome"})

    explanation = str(explained(scenario, state))

    assert not [value for value in ("Welcome", KEY, *DATABASE.values()) if value in explanation]


class Titled(paas_flask.Charm):
    start_timeout = 0

    def environment(self, context: object, /) -> dict[str, str]:
        return {"FLASK_GREETING": "Mine", "TITLE": "Mine too"}


def test_lists_the_overridden_sources_of_a_variable(scenario: Scenario) -> None:
    scenario.charm_type = Titled

    explanation = explained(scenario, scenario.settled())

    assert explanation["FLASK_GREETING"] == "Titled.environment, in place of option greeting"
    assert explanation["TITLE"] == "Titled.environment"


def test_fails_with_the_reason_of_the_status(scenario: Scenario) -> None:
    with pytest.raises(testing.ActionFailed) as failed:
        scenario.run(scenario.context().on.action("explain"), scenario.state(config={"webserver-workers": -1}))

    assert failed.value.message.startswith("invalid options: webserver-workers (")


def test_changes_nothing(scenario: Scenario) -> None:
    settled = scenario.settled()

    after = scenario.run(scenario.context().on.action("explain"), settled)

    assert (after.containers, after.relations, after.secrets) == (
        settled.containers,
        settled.relations,
        settled.secrets,
    )
