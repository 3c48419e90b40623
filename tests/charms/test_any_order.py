"""Property test of the order of events, which Juju does not guarantee: the result is the same."""

import collections.abc
import dataclasses
import itertools
import json
import pathlib

import hypothesis
from flask_scenario import DATABASE, SERVED, Scenario, healthy, postgresql, relation
from ops import testing

WORKS = testing.Exec(["python3", "migrate.py"], stdout="migrated\n")
REDIS = testing.Relation("redis", interface="redis", remote_app_name="redis-k8s")

Step = collections.abc.Callable[[Scenario, testing.State], testing.State]


def with_relations(state: testing.State, *changed: testing.RelationBase) -> testing.State:
    """Return the state with some relations replaced."""
    numbers = {each.id for each in changed}
    return dataclasses.replace(
        state, relations={*(each for each in state.relations if each.id not in numbers), *changed}
    )


def container_comes_up(scenario: Scenario, state: testing.State) -> testing.State:
    (container,) = state.containers
    up = dataclasses.replace(container, can_connect=True)
    return scenario.run(scenario.context().on.pebble_ready(up), dataclasses.replace(state, containers={up}))


def database_answers(scenario: Scenario, state: testing.State) -> testing.State:
    related = dataclasses.replace(relation(state), remote_app_data=DATABASE)
    return scenario.run(scenario.context().on.relation_changed(related), with_relations(state, related))


def redis_answers(scenario: Scenario, state: testing.State) -> testing.State:
    related = dataclasses.replace(
        relation(state, "redis"), remote_units_data={0: {"hostname": "10.1.0.7", "port": "6379"}}
    )
    return scenario.run(scenario.context().on.relation_changed(related, remote_unit=0), with_relations(state, related))


def an_option_is_set(scenario: Scenario, state: testing.State) -> testing.State:
    config = {**state.config, "greeting": "Welcome", "webserver-workers": 3}
    return scenario.run(scenario.context().on.config_changed(), dataclasses.replace(state, config=config))


def the_unit_leads(scenario: Scenario, state: testing.State) -> testing.State:
    return scenario.run(scenario.context().on.leader_elected(), dataclasses.replace(state, leader=True))


STEPS: tuple[Step, ...] = (
    container_comes_up,
    database_answers,
    redis_answers,
    an_option_is_set,
    the_unit_leads,
)


@dataclasses.dataclass(frozen=True)
class Result:
    """The result after all events."""

    services: str
    files: dict[str, str]
    status: object
    migrations: int


def new_unit(scenario: Scenario) -> testing.State:
    """Return the state of a new unit: no container, no leader, no relation data."""
    scenario.image_file("migrate.py", "print('migrated')")
    scenario.meta["requires"]["redis"] = {"interface": "redis", "optional": True, "limit": 1}
    return scenario.state(
        leader=False,
        containers={scenario.workload(can_connect=False, execs={SERVED, WORKS})},
        relations={scenario.peer(None), postgresql(), REDIS},
        secrets=set(),
    )


def result(scenario: Scenario, state: testing.State, migrations: int) -> Result:
    state = scenario.run(scenario.context().on.update_status(), healthy(state))
    (container,) = state.containers
    (secret,) = state.secrets
    key = secret.tracked_content["value"] if secret.tracked_content else ""
    services = json.dumps({name: each.to_dict() for name, each in container.plan.services.items()})
    files = {path.name: path.read_text() for path in _written(scenario.root)}
    return Result(services.replace(key, "the key"), files, state.unit_status, migrations)


def _written(root: pathlib.Path) -> list[pathlib.Path]:
    # the notes of the charm contain times
    return [path for path in sorted((root / "base").rglob("*")) if path.is_file()]


def reset(scenario: Scenario) -> None:
    """Remove the results of the last run."""
    scenario.new_container()
    scenario.context().exec_history.clear()


def ran(scenario: Scenario) -> int:
    return sum(
        each.command == ["python3", "migrate.py"] for each in scenario.context().exec_history[scenario.container]
    )


def test_every_order_of_events_has_the_same_result(scenario: Scenario) -> None:
    ends = dict[str, Result]()
    # all orders, or a quarter of them under `make check`
    step = hypothesis.settings.get_profile("complete").max_examples // hypothesis.settings().max_examples
    for order in [*itertools.permutations(STEPS)][::step]:
        reset(scenario)
        state = new_unit(scenario)
        for event in order:
            state = event(scenario, state)
        ends[", ".join(event.__name__ for event in order)] = result(scenario, state, ran(scenario))

    expected = next(iter(ends.values()))
    assert expected.status == testing.ActiveStatus()
    assert expected.migrations == 1
    assert all(word in expected.services for word in ("pg-primary", "10.1.0.7", "Welcome"))
    assert {order: end for order, end in ends.items() if end != expected} == {}
