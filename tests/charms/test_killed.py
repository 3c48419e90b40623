"""Tests of a killed hook: its changes of the container persist, its databags are lost, and it runs again."""

import collections.abc
import copy
import dataclasses
import itertools
import json

import ops
import pytest
from flask_scenario import CALLS, SERVED, Scenario, healthy, relation
from ops import testing

WORKS = testing.Exec(["python3", "migrate.py"], stdout="migrated\n")
ACTS = frozenset({"add_layer", "exec", "push", "remove_path", "replan", "restart", "send_signal", "stop"})
"""Calls that change the container."""


class Killed(BaseException):
    """The end of the killed process."""


@dataclasses.dataclass(kw_only=True)
class Killing:
    """A counter of container calls that kills the process at one of them."""

    scenario: Scenario
    at: int = -1
    after: bool = False
    done: list[str] = dataclasses.field(default_factory=list[str])
    migrations: int = 0
    started_after: list[int] = dataclasses.field(default_factory=list[int])
    """Number of migrations before each start of services."""
    entries: collections.abc.Mapping[str, object] = dataclasses.field(default_factory=dict[str, object])
    """The plan entry of each service when it was started."""
    configuration: str = ""
    """The configuration that gunicorn has read."""
    left: testing.Container | None = None

    def begin(self, at: int = -1, *, after: bool = False) -> None:
        """Reset the counter, and kill the process at a call from now on."""
        self.at, self.after, self.migrations = at, after, 0
        self.done.clear()
        self.started_after.clear()

    def call(self, container: ops.Container, name: str, act: collections.abc.Callable[[], object]) -> object:
        """Make the call, unless the process is killed before."""
        number = len(self.done)
        self.done.append(name)
        if name == "replan":
            self.started_after.append(self.migrations)
        if number == self.at and not self.after:
            self._end(container)
        result = act()
        self.migrations += name == "migration"
        self._takes_effect(container, name)
        if number == self.at:
            self._end(container)
        return result

    def _takes_effect(self, container: ops.Container, name: str) -> None:
        """Record the entry of a started service, which ops.testing does not keep when the plan changes."""
        entries = {name: entry.to_dict() for name, entry in container.get_plan().services.items()}
        if name == "restart" or (name == "replan" and entries != self.entries):
            self.entries = entries
        elif name not in {"replan", "send_signal"}:
            return
        self.configuration = self.scenario.gunicorn

    def _end(self, container: ops.Container) -> None:
        # ops.testing would have put this into the state
        self.left = copy.deepcopy(container.pebble._container)  # pyright: ignore[reportPrivateUsage, reportUnknownMemberType, reportUnknownArgumentType, reportAttributeAccessIssue]  there is no public name
        raise Killed


@pytest.fixture
def killing(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> Killing:
    """Patch every call that changes the container."""
    killing = Killing(scenario=scenario)

    def watch(name: str) -> None:
        real = getattr(ops.Container, name)

        def watched(container: ops.Container, *args: object, **kwargs: object) -> object:
            what = "migration" if args == (["python3", "migrate.py"],) else name
            return killing.call(container, what, lambda: real(container, *args, **kwargs))

        monkeypatch.setattr(ops.Container, name, watched)

    for name in ACTS.intersection(CALLS):
        watch(name)
    return killing


def first_start(scenario: Scenario) -> tuple[testing.State, object]:
    return starting(scenario), scenario.context().on.config_changed()


def new_workers(scenario: Scenario) -> tuple[testing.State, object]:
    config = {"webserver-workers": 3}
    return dataclasses.replace(running(scenario), config=config), scenario.context().on.config_changed()


def new_variable(scenario: Scenario) -> tuple[testing.State, object]:
    return dataclasses.replace(
        running(scenario), config={"greeting": "Welcome"}
    ), scenario.context().on.config_changed()


def new_database(scenario: Scenario) -> tuple[testing.State, object]:
    state = running(scenario)
    database = relation(state)
    other = dataclasses.replace(
        database, remote_app_data={**database.remote_app_data, "database": "other", "endpoints": "pg-other:5432"}
    )
    relations = {*(each for each in state.relations if each.id != database.id), other}
    return dataclasses.replace(state, relations=relations), scenario.context().on.relation_changed(other)


def no_database(scenario: Scenario) -> tuple[testing.State, object]:
    state = running(scenario)
    return state, scenario.context().on.relation_broken(relation(state))


def starting(scenario: Scenario) -> testing.State:
    return scenario.state(containers={scenario.workload(execs={SERVED, WORKS})})


def running(scenario: Scenario) -> testing.State:
    return healthy(scenario.run(scenario.context().on.config_changed(), starting(scenario)))


EVENTS = [first_start, new_workers, new_variable, new_database, no_database]


def result_of(killing: Killing, state: testing.State) -> str:
    """Return the application's services and files, their effective state, and whether it runs."""
    (container,) = state.containers
    services = {name: service.to_dict() for name, service in container.plan.services.items()}
    statuses = {name: status.value for name, status in sorted(container.service_statuses.items())}
    return json.dumps([services, statuses, killing.scenario.gunicorn, killing.entries, killing.configuration])


def reset(scenario: Scenario) -> None:
    scenario.new_container()
    scenario.image_file("migrate.py", "print('migrated')")


@pytest.mark.parametrize("prepare", EVENTS)
def test_a_hook_killed_at_any_call_succeeds_when_it_runs_again(
    scenario: Scenario, killing: Killing, prepare: collections.abc.Callable[[Scenario], tuple[testing.State, object]]
) -> None:
    reset(scenario)
    state, event = prepare(scenario)
    killing.begin()
    whole = scenario.run(event, state)
    acts, expected = tuple(killing.done), result_of(killing, whole)
    assert acts

    for at, after in itertools.product(range(len(acts)), (False, True)):
        reset(scenario)
        state, event = prepare(scenario)
        killing.begin(at, after=after)
        with pytest.raises(Killed):
            scenario.run(event, state)
        killing.at = -1
        assert killing.left is not None

        ended = scenario.run(event, dataclasses.replace(state, containers={killing.left}))

        where = f"{'after' if after else 'before'} {acts[at]}, number {at} of {acts}"
        assert result_of(killing, ended) == expected, where
        assert ended.unit_status == whole.unit_status, where
        # killed between a migration and its note: the migration has to be repeated
        again = "migration" in acts and at + after == acts.index("migration") + 1
        assert killing.migrations == acts.count("migration") + again, where
        assert "migration" not in acts or all(killing.started_after), where
