"""Tests of values that cannot be environment variables: the status names their source, and nothing starts."""

import pytest
from flask_scenario import DATABASE, Scenario, postgresql
from frameworks import FRAMEWORKS
from ops import testing

RULE = "(must be UTF-8 text without NUL characters)"
UNENCODABLE = ["a\0b", "a\udcffb"]


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
@pytest.mark.parametrize("value", UNENCODABLE)
def test_an_unencodable_option_blocks(framework: Scenario, value: str) -> None:
    after = framework.run(framework.context().on.config_changed(), framework.state(config={"greeting": value}))

    assert after.unit_status == testing.BlockedStatus(f"invalid options: greeting {RULE}")


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_an_unencodable_secret_key_blocks(framework: Scenario) -> None:
    name = next(name for name in framework.meta["config"]["options"] if name.endswith("-secret-key-id"))
    key = testing.Secret({"value": "a\0b"})
    state = framework.state()
    state = framework.state(config={name: key.id}, relations=state.relations, secrets={*state.secrets, key})

    after = framework.run(framework.context().on.config_changed(), state)

    assert after.unit_status == testing.BlockedStatus(f"invalid options: {name} {RULE}")


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
@pytest.mark.parametrize("content", [{"value": ""}, {"other": "x"}])
def test_an_unencodable_secret_blocks(framework: Scenario, content: dict[str, str]) -> None:
    name = next(name for name in framework.meta["config"]["options"] if name.endswith("-secret-key-id"))
    key = testing.Secret(content)
    state = framework.state()
    state = framework.state(config={name: key.id}, relations=state.relations, secrets={*state.secrets, key})

    after = framework.run(framework.context().on.config_changed(), state)

    assert after.unit_status == testing.BlockedStatus(
        f"invalid options: {name} (the secret must hold one key, value, that is not empty)"
    )


def test_an_unencodable_integration_value_blocks(scenario: Scenario) -> None:
    state = scenario.state()
    odd = {each for each in state.relations if each.endpoint != "postgresql"}

    after = scenario.run(
        scenario.context().on.config_changed(),
        scenario.state(
            relations={*odd, postgresql(app={**DATABASE, "password": "a\0b"})},
            secrets=state.secrets,
        ),
    )

    assert after.unit_status == testing.BlockedStatus(f"invalid value of integration postgresql {RULE}")
