"""Tests of the action ``explain``, which lists the source of each variable."""

import paas_flask
import pytest
from ops import testing
from world import DATABASE, KEY, World


@pytest.fixture(autouse=True)
def declared(world: World) -> None:
    world.meta["actions"]["explain"] = {"description": "Where the variables come from."}


def explained(world: World, state: testing.State) -> dict[str, str]:
    world.run(world.context().on.action("explain"), state)
    results = world.context().action_results
    assert results is not None
    return dict(line.split(": ", 1) for line in results["variables"].splitlines())


def test_lists_each_variable_with_its_source(world: World) -> None:
    explanation = explained(world, world.settled(config={"greeting": "Welcome"}))

    assert explanation["FLASK_GREETING"] == "option greeting"
    assert explanation["POSTGRESQL_DB_HOSTNAME"] == "integration postgresql"
    assert explanation["FLASK_SECRET_KEY"] == "the generated secret key"


def test_never_shows_a_value(world: World) -> None:
    state = world.settled(config={"greeting": "Welcome"})

    explanation = str(explained(world, state))

    assert not [value for value in ("Welcome", KEY, *DATABASE.values()) if value in explanation]


class Titled(paas_flask.Charm):
    start_timeout = 0

    def environment(self, context: object, /) -> dict[str, str]:
        return {"FLASK_GREETING": "Mine", "TITLE": "Mine too"}


def test_lists_the_overridden_sources_of_a_variable(world: World) -> None:
    world.charm_type = Titled

    explanation = explained(world, world.settled())

    assert explanation["FLASK_GREETING"] == "Titled.environment, in place of option greeting"
    assert explanation["TITLE"] == "Titled.environment"


def test_fails_with_the_reason_of_the_status(world: World) -> None:
    with pytest.raises(testing.ActionFailed) as failed:
        world.run(world.context().on.action("explain"), world.state(config={"webserver-workers": -1}))

    assert failed.value.message.startswith("invalid options: webserver-workers (")


def test_changes_nothing(world: World) -> None:
    settled = world.settled()

    after = world.run(world.context().on.action("explain"), settled)

    assert (after.containers, after.relations, after.secrets) == (
        settled.containers,
        settled.relations,
        settled.secrets,
    )
