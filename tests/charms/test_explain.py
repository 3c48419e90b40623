"""The action ``explain``: where each variable comes from, never what is in it."""

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


def test_each_variable_is_told_with_its_origin(world: World) -> None:
    found = explained(world, world.settled(config={"greeting": "Welcome"}))

    assert found["FLASK_GREETING"] == "option greeting"
    assert found["POSTGRESQL_DB_HOSTNAME"] == "integration postgresql"
    assert found["FLASK_SECRET_KEY"] == "the generated secret key"


def test_no_value_is_told(world: World) -> None:
    state = world.settled(config={"greeting": "Welcome"})

    told = str(explained(world, state))

    assert not [value for value in ("Welcome", KEY, *DATABASE.values()) if value in told]


class Titled(paas_flask.Charm):
    start_timeout = 0

    def environment(self, situation: object, /) -> dict[str, str]:
        return {"FLASK_GREETING": "Mine", "TITLE": "Mine too"}


def test_what_a_variable_has_displaced_is_told_too(world: World) -> None:
    world.charm_type = Titled

    found = explained(world, world.settled())

    assert found["FLASK_GREETING"] == "Titled.environment, in place of option greeting"
    assert found["TITLE"] == "Titled.environment"


def test_what_keeps_the_application_from_running_is_told_instead(world: World) -> None:
    with pytest.raises(testing.ActionFailed) as failed:
        world.run(world.context().on.action("explain"), world.state(config={"webserver-workers": -1}))

    assert failed.value.message.startswith("invalid options: webserver-workers (")


def test_it_changes_nothing(world: World) -> None:
    settled = world.settled()

    after = world.run(world.context().on.action("explain"), settled)

    assert (after.containers, after.relations, after.secrets) == (
        settled.containers,
        settled.relations,
        settled.secrets,
    )
