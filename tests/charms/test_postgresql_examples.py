"""Databags that real PostgreSQL charms write, and the variables that applications rely on."""

import json
import pathlib
import typing

import pytest
from ops import testing
from world import World, environment

EXAMPLES = json.loads((pathlib.Path(__file__).parent / "fixtures/postgresql.json").read_text())


@pytest.mark.parametrize("example", [pytest.param(each, id=each["name"]) for each in EXAMPLES])
def test_example(world: World, example: dict[str, typing.Any]) -> None:
    world.meta["requires"]["postgresql"]["optional"] = True
    key = world.secret()
    secrets = {uri: testing.Secret(content, id=uri) for uri, content in example["secrets"].items()}
    relation = testing.Relation(
        "postgresql",
        remote_app_name="postgresql-k8s",
        local_app_data={"database": "flask-k8s"},
        remote_app_data=example["provider_app"],
        remote_units_data={int(unit): bag for unit, bag in example["provider_units"].items()},
    )
    state = world.state(relations={world.peer(key), relation}, secrets={key, *secrets.values()})

    after = world.run(world.context().on.relation_changed(relation), state)

    given = environment(after)
    assert {name: given[name] for name in given if name.startswith("POSTGRESQL")} == example["expected_env"]
    assert after.unit_status == testing.ActiveStatus()
