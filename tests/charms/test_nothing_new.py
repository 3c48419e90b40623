"""Tests of the record: an event that brings nothing new only looks at Pebble, and no event is skipped wrongly."""

import collections.abc
import dataclasses
import json
import pathlib
import typing

import hypothesis
import ops
import paas_common
import pytest
from flask_scenario import (
    DATABASE,
    IMAGE,
    Calls,
    FlaskCharm,
    Scenario,
    healthy,
    layer,
    peer_of,
    postgresql,
    relation,
    stopped,
)
from hypothesis import strategies
from ops import testing
from paas_common.juju import record
from scenario import mocking
from test_any_order import REDIS, with_relations

SHORT = ["get_checks", "get_plan", "get_services"]

Step = collections.abc.Callable[[Scenario, testing.State], testing.State]


@pytest.fixture
def settled(scenario: Scenario) -> testing.State:
    """Return the state after a complete pass, whose record is kept."""
    scenario.keeps_record = True
    return settle(scenario, scenario.state())


def settle(scenario: Scenario, state: testing.State) -> testing.State:
    on = scenario.context().on
    state = healthy(scenario.run(on.config_changed(), state))
    return scenario.run(on.update_status(), scenario.run(on.relation_changed(relation(state)), state))


def document(scenario: Scenario) -> pathlib.Path:
    return scenario.root / "charm" / record.FILE


def is_short(calls: Calls) -> bool:
    return sorted(calls.names()) == SHORT


@pytest.mark.parametrize("event", ["update_status", "config_changed", "start", "leader_elected"])
def test_an_event_that_brings_nothing_new_only_looks_at_pebble(
    scenario: Scenario, settled: testing.State, calls: Calls, event: str
) -> None:
    calls.clear()

    after = scenario.run(getattr(scenario.context().on, event)(), settled)

    assert is_short(calls)
    assert after.unit_status == testing.ActiveStatus()
    assert after.relations == settled.relations


def test_a_running_container_that_is_ready_again_brings_nothing_new(
    scenario: Scenario, settled: testing.State, calls: Calls
) -> None:
    (container,) = settled.containers
    calls.clear()

    scenario.run(scenario.context().on.pebble_ready(container), settled)

    assert is_short(calls)


def test_a_check_that_failed_once_during_a_restart_brings_nothing_new(
    scenario: Scenario, settled: testing.State, calls: Calls
) -> None:
    calls.clear()

    after = scenario.run(scenario.context().on.update_status(), with_check(settled, failures=1))

    assert is_short(calls)
    assert after.unit_status == testing.ActiveStatus()


def test_an_unchanged_databag_brings_nothing_new(scenario: Scenario, settled: testing.State, calls: Calls) -> None:
    calls.clear()

    scenario.run(scenario.context().on.relation_changed(relation(settled)), settled)

    assert is_short(calls)


def scaled(state: testing.State, *joined: int) -> testing.State:
    """Return the state while an application is scaled to four units, of which some have joined."""
    peer = dataclasses.replace(peer_of(state), peers_data={unit: {} for unit in joined})
    return dataclasses.replace(with_relations(state, peer), planned_units=4)


def peer_hosts(state: testing.State) -> str:
    (container,) = state.containers
    return container.plan.services["flask"].environment.get("FLASK_PEER_FQDNS", "")


def test_the_first_of_several_new_units_names_all_and_the_others_bring_nothing_new(
    scenario: Scenario, settled: testing.State, calls: Calls
) -> None:
    on = scenario.context().on
    first = scaled(settled, 1)
    state = scenario.run(on.relation_joined(peer_of(first), remote_unit=1), first)
    state = scenario.run(on.update_status(), state)
    hosts = [f"flask-k8s-{unit}.flask-k8s-endpoints.demo.svc.cluster.local" for unit in (1, 2, 3)]
    calls.clear()

    second = scaled(state, 1, 2)
    after = scenario.run(on.relation_joined(peer_of(second), remote_unit=2), second)

    assert is_short(calls)
    assert peer_hosts(after) == ",".join(hosts)


def test_a_unit_that_leaves_restarts_the_others_without_it(scenario: Scenario, settled: testing.State) -> None:
    on = scenario.context().on
    before = scaled(settled, 1, 2, 3)
    state = scenario.run(on.relation_changed(peer_of(before), remote_unit=1), before)
    left = dataclasses.replace(scaled(state, 1, 2), planned_units=3)

    after = scenario.run(on.relation_departed(peer_of(left), remote_unit=3, departing_unit=3), left)

    assert "flask-k8s-3" not in peer_hosts(after)
    assert "flask-k8s-2" in peer_hosts(after)


def test_the_request_of_a_unit_for_a_migration_is_seen(
    scenario: Scenario, settled: testing.State, calls: Calls
) -> None:
    on = scenario.context().on
    before = scaled(settled, 1)
    state = scenario.run(on.update_status(), scenario.run(on.relation_changed(peer_of(before), remote_unit=1), before))
    peer = dataclasses.replace(peer_of(state), peers_data={1: {"migration-request": "abc"}})
    calls.clear()

    after = scenario.run(on.relation_changed(peer, remote_unit=1), with_relations(state, peer))

    assert not is_short(calls)
    assert peer_of(after).local_app_data["migration-turn"] == "flask-k8s/1 abc"


def test_a_changed_databag_is_applied(scenario: Scenario, settled: testing.State) -> None:
    changed = dataclasses.replace(relation(settled), remote_app_data={**DATABASE, "password": "another"})

    after = scenario.run(scenario.context().on.relation_changed(changed), with_relations(settled, changed))

    (container,) = after.containers
    assert container.plan.services["flask"].environment["POSTGRESQL_DB_PASSWORD"] == "another"


def test_any_other_event_is_a_complete_pass(scenario: Scenario, settled: testing.State, calls: Calls) -> None:
    calls.clear()

    scenario.run(scenario.context().on.upgrade_charm(), settled)

    assert not is_short(calls)


@pytest.fixture
def endpoints_read(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return the endpoints whose relations the charm has listed."""
    listed = set[str]()
    backend_type = mocking._MockModelBackend  # pyright: ignore[reportPrivateUsage]  it represents the hook tools
    real = backend_type.relation_ids

    def relation_ids(backend: mocking._MockModelBackend, name: str) -> list[int]:  # pyright: ignore[reportPrivateUsage]
        listed.add(name)
        return real(backend, name)

    monkeypatch.setattr(backend_type, "relation_ids", relation_ids)
    return listed


def test_a_new_optional_integration_is_requested_without_reading_others(
    scenario: Scenario, calls: Calls, endpoints_read: set[str]
) -> None:
    scenario.keeps_record = True
    scenario.meta["requires"]["rabbitmq"] = {"interface": "rabbitmq", "optional": True, "limit": 1}
    state = settle(scenario, scenario.state())
    calls.clear()
    endpoints_read.clear()

    after = related("rabbitmq")(scenario, state)

    assert relation(after, "rabbitmq").local_app_data == {"username": "flask-k8s", "vhost": "/"}
    assert is_short(calls)
    assert endpoints_read == {"rabbitmq"}


@pytest.mark.parametrize("event", ["relation_joined", "relation_departed"])
def test_a_library_s_other_events_read_its_own_endpoint_only(
    scenario: Scenario, settled: testing.State, calls: Calls, endpoints_read: set[str], event: str
) -> None:
    calls.clear()
    endpoints_read.clear()

    after = scenario.run(getattr(scenario.context().on, event)(relation(settled), remote_unit=0), settled)

    assert after.unit_status == testing.ActiveStatus()
    assert is_short(calls)
    assert endpoints_read == {"postgresql"}
    assert document(scenario).exists()


def test_a_required_integration_without_data_stops_the_application(scenario: Scenario) -> None:
    scenario.keeps_record = True
    scenario.meta["requires"]["rabbitmq"] = {"interface": "rabbitmq", "optional": True, "limit": 1}
    rabbitmq = testing.Relation("rabbitmq", remote_app_name="rabbitmq-k8s", remote_app_data=RABBITMQ)
    state = scenario.state()
    state = settle(scenario, dataclasses.replace(state, relations={*state.relations, rabbitmq}))
    empty = dataclasses.replace(relation(state), remote_app_data={})

    after = scenario.run(scenario.context().on.relation_changed(empty), with_relations(state, empty))

    assert after.unit_status == testing.WaitingStatus("waiting for postgresql-k8s to provide postgresql")


def test_a_stopped_service_is_seen_at_a_new_integration(scenario: Scenario, calls: Calls) -> None:
    scenario.keeps_record = True
    scenario.meta["requires"]["rabbitmq"] = {"interface": "rabbitmq", "optional": True, "limit": 1}
    state = stopped(settle(scenario, scenario.state()))
    calls.clear()

    related("rabbitmq")(scenario, state)

    assert "replan" in calls.names()


def image_only(state: testing.State) -> testing.State:
    (container,) = state.containers
    return dataclasses.replace(
        state,
        containers={
            dataclasses.replace(container, layers={"image": layer(IMAGE)}, service_statuses={}, check_infos=frozenset())
        },
    )


def with_check(state: testing.State, **changes: typing.Any) -> testing.State:
    (container,) = state.containers
    (check,) = container.check_infos
    changed = dataclasses.replace(check, **changes)
    return dataclasses.replace(state, containers={dataclasses.replace(container, check_infos={changed})})


def failing_check(state: testing.State) -> testing.State:
    return with_check(state, status=ops.pebble.CheckStatus.DOWN, failures=4)


def greeting(state: testing.State) -> testing.State:
    return dataclasses.replace(state, config={"greeting": "Hello"})


def other_leader(state: testing.State) -> testing.State:
    return dataclasses.replace(state, leader=False)


def other_status(state: testing.State) -> testing.State:
    return dataclasses.replace(state, unit_status=testing.MaintenanceStatus("of another writer"))


@pytest.mark.parametrize("change", [greeting, other_leader, other_status, stopped, image_only, failing_check])
def test_what_changed_without_its_own_event_is_seen(
    scenario: Scenario,
    settled: testing.State,
    calls: Calls,
    change: collections.abc.Callable[[testing.State], testing.State],
) -> None:
    calls.clear()

    scenario.run(scenario.context().on.update_status(), change(settled))

    assert not is_short(calls)


def test_another_model_or_proxy_is_seen(
    scenario: Scenario, settled: testing.State, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUJU_CHARM_HTTP_PROXY", "http://proxy:3128")
    calls.clear()

    scenario.run(scenario.context().on.update_status(), settled)

    assert not is_short(calls)


def test_new_files_of_the_charm_are_seen(scenario: Scenario, settled: testing.State, calls: Calls) -> None:
    scenario.paas_config = "port: 9000\n"
    scenario.run(scenario.context().on.update_status(), settled)  # its first event also writes the file
    (scenario.root / "charm/paas-config.yaml").write_text("port: 9001\n")
    calls.clear()

    after = scenario.run(scenario.context().on.update_status(), settled)

    assert after.opened_ports == {testing.TCPPort(9001)}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"surroundings": "another"}'])
def test_an_unusable_record_means_a_complete_pass(
    scenario: Scenario, settled: testing.State, calls: Calls, text: str
) -> None:
    document(scenario).write_text(text)
    calls.clear()

    after = scenario.run(scenario.context().on.update_status(), settled)

    assert not is_short(calls)
    assert after.unit_status == testing.ActiveStatus()


def test_the_record_has_no_secret_and_is_private(scenario: Scenario, settled: testing.State) -> None:
    text = document(scenario).read_text()

    assert all(each not in text for each in ("generated-key", DATABASE["password"]))
    assert document(scenario).stat().st_mode & 0o077 == 0


def test_a_problem_leaves_no_record(scenario: Scenario, settled: testing.State) -> None:
    blocked = dataclasses.replace(settled, config={"webserver-workers": -1})

    scenario.run(scenario.context().on.config_changed(), blocked)

    assert not document(scenario).exists()


class FailsLater(FlaskCharm):
    """A charm whose own handler runs after the pass and may fail."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on.config_changed, self._on_config_changed)

    def _on_config_changed(self, _: ops.EventBase) -> None:
        if self.config["greeting"] == "fail":
            raise RuntimeError("of the author")


def test_a_failed_hook_leaves_no_record(scenario: Scenario) -> None:
    scenario.charm_type = FailsLater
    scenario.keeps_record = True
    state = settle(scenario, scenario.state())
    assert document(scenario).exists()

    with pytest.raises(testing.errors.UncaughtCharmError):
        scenario.run(scenario.context().on.config_changed(), dataclasses.replace(state, config={"greeting": "fail"}))

    assert not document(scenario).exists()


def test_an_own_handler_of_the_author_runs_on_the_short_path(scenario: Scenario, calls: Calls) -> None:
    scenario.charm_type = FailsLater
    scenario.keeps_record = True
    state = settle(scenario, dataclasses.replace(scenario.state(), config={"greeting": "Hello"}))
    calls.clear()
    scenario.run(scenario.context().on.config_changed(), state)
    assert is_short(calls)

    with pytest.raises(testing.errors.UncaughtCharmError, match="of the author"):
        scenario.run(scenario.context().on.config_changed(), dataclasses.replace(state, config={"greeting": "fail"}))


def test_what_juju_refused_after_the_hook_is_written_again(scenario: Scenario) -> None:
    scenario.keeps_record = True
    scenario.meta["requires"]["rabbitmq"] = {"interface": "rabbitmq", "optional": True, "limit": 1}
    before = settle(scenario, scenario.state())
    rabbitmq = testing.Relation("rabbitmq", interface="rabbitmq", remote_app_name="rabbitmq-k8s")
    related = dataclasses.replace(before, relations={*before.relations, rabbitmq})
    after = scenario.run(scenario.context().on.relation_created(rabbitmq), related)
    assert relation(after, "rabbitmq").local_app_data == {"username": "flask-k8s", "vhost": "/"}
    assert document(scenario).exists()

    refused = with_relations(after, rabbitmq)
    again = scenario.run(scenario.context().on.update_status(), refused)

    assert relation(again, "rabbitmq").local_app_data == {"username": "flask-k8s", "vhost": "/"}


class Extends(FlaskCharm):
    """A charm with a method that may return something else at each event."""

    def environment(self, context: paas_common.WorkloadContext) -> dict[str, str]:
        return {"STAMP": (self.charm_dir / "stamp").read_text()}


def test_a_charm_with_extension_methods_always_makes_a_complete_pass(scenario: Scenario) -> None:
    scenario.charm_type = Extends
    scenario.keeps_record = True
    scenario.context()
    (scenario.root / "charm/stamp").write_text("1")
    state = settle(scenario, scenario.state())
    (scenario.root / "charm/stamp").write_text("2")

    after = scenario.run(scenario.context().on.update_status(), state)

    (container,) = after.containers
    assert container.plan.services["flask"].environment["STAMP"] == "2"


def test_a_changed_secret_of_an_option_is_seen(scenario: Scenario) -> None:
    scenario.keeps_record = True
    secret = testing.Secret({"name": "ann", "password": "a"}, latest_content={"name": "ann", "password": "a"})
    state = scenario.state()
    state = dataclasses.replace(state, config={"moderator": secret.id}, secrets={*state.secrets, secret})
    state = settle(scenario, state)
    renewed = dataclasses.replace(secret, latest_content={"name": "bob", "password": "b"})
    secrets = {each if each.id != secret.id else renewed for each in state.secrets}

    after = scenario.run(scenario.context().on.update_status(), dataclasses.replace(state, secrets=secrets))

    (container,) = after.containers
    assert container.plan.services["flask"].environment["FLASK_MODERATOR_NAME"] == "bob"


def test_a_reset_secret_of_an_option_is_seen(scenario: Scenario) -> None:
    scenario.keeps_record = True
    secret = testing.Secret({"name": "ann"}, latest_content={"name": "ann"})
    state = scenario.state()
    state = dataclasses.replace(state, config={"moderator": secret.id}, secrets={*state.secrets, secret})
    state = settle(scenario, state)

    after = scenario.run(scenario.context().on.config_changed(), dataclasses.replace(state, config={}))

    (before,), (container,) = state.containers, after.containers
    assert "FLASK_MODERATOR_NAME" in before.plan.services["flask"].environment
    assert "FLASK_MODERATOR_NAME" not in container.plan.services["flask"].environment


class Defers(FlaskCharm):
    """A charm that defers an event."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        framework.observe(self.on.config_changed, self._on_config_changed)

    def _on_config_changed(self, event: ops.EventBase) -> None:
        event.defer()


def test_a_deferred_event_means_complete_passes(scenario: Scenario, calls: Calls) -> None:
    scenario.charm_type = Defers
    scenario.keeps_record = True
    state = settle(scenario, scenario.state())
    assert state.deferred
    calls.clear()

    scenario.run(scenario.context().on.update_status(), state)

    assert not is_short(calls)


def nothing(scenario: Scenario, state: testing.State) -> testing.State:
    return scenario.run(scenario.context().on.update_status(), state)


def nothing_configured(scenario: Scenario, state: testing.State) -> testing.State:
    return scenario.run(scenario.context().on.config_changed(), state)


def nothing_related(scenario: Scenario, state: testing.State) -> testing.State:
    return scenario.run(scenario.context().on.relation_changed(relation(state)), state)


def option(value: str) -> Step:
    def step(scenario: Scenario, state: testing.State) -> testing.State:
        state = dataclasses.replace(state, config={**state.config, "greeting": value})
        return scenario.run(scenario.context().on.config_changed(), state)

    return step


def database(data: dict[str, str]) -> Step:
    def step(scenario: Scenario, state: testing.State) -> testing.State:
        changed = dataclasses.replace(relation(state), remote_app_data=data)
        return scenario.run(scenario.context().on.relation_changed(changed), with_relations(state, changed))

    return step


def database_joins(scenario: Scenario, state: testing.State) -> testing.State:
    return scenario.run(scenario.context().on.relation_joined(relation(state), remote_unit=0), state)


NEW = {"rabbitmq": 7002, "s3": 7003, "metrics-endpoint": 7004}
"""Endpoints that are not related at first, and the ids of their later relations."""
RABBITMQ = {"hostname": "rabbit", "password": "a-password"}
S3 = {"access-key": "key", "secret-key": "a-secret", "bucket": "flask"}


def related(endpoint: str) -> Step:
    def step(scenario: Scenario, state: testing.State) -> testing.State:
        if any(each.endpoint == endpoint for each in state.relations):
            return state
        new = testing.Relation(endpoint, remote_app_name=f"{endpoint}-provider", id=NEW[endpoint])
        state = dataclasses.replace(state, relations={*state.relations, new})
        return scenario.run(scenario.context().on.relation_created(new), state)

    return step


def joined(endpoint: str) -> Step:
    def step(scenario: Scenario, state: testing.State) -> testing.State:
        state = related(endpoint)(scenario, state)
        changed = dataclasses.replace(relation(state, endpoint), remote_units_data={0: {"private-address": "10.1.0.9"}})
        return scenario.run(
            scenario.context().on.relation_joined(changed, remote_unit=0), with_relations(state, changed)
        )

    return step


def answers(endpoint: str, data: dict[str, str]) -> Step:
    def step(scenario: Scenario, state: testing.State) -> testing.State:
        state = related(endpoint)(scenario, state)
        changed = dataclasses.replace(relation(state, endpoint), remote_app_data=data)
        return scenario.run(scenario.context().on.relation_changed(changed), with_relations(state, changed))

    return step


def removed(endpoint: str) -> Step:
    def step(scenario: Scenario, state: testing.State) -> testing.State:
        state = related(endpoint)(scenario, state)
        state = scenario.run(scenario.context().on.relation_broken(relation(state, endpoint)), state)
        return dataclasses.replace(state, relations={each for each in state.relations if each.endpoint != endpoint})

    return step


def redis(port: str) -> Step:
    def step(scenario: Scenario, state: testing.State) -> testing.State:
        units = {0: {"hostname": "10.1.0.7", "port": port}}
        changed = dataclasses.replace(relation(state, "redis"), remote_units_data=units)
        return scenario.run(
            scenario.context().on.relation_changed(changed, remote_unit=0), with_relations(state, changed)
        )

    return step


def leads(*, leader: bool) -> Step:
    def step(scenario: Scenario, state: testing.State) -> testing.State:
        on = scenario.context().on
        event = on.leader_elected() if leader else on.update_status()  # Juju has no event for lost leadership
        return scenario.run(event, dataclasses.replace(state, leader=leader))

    return step


def service_stops(scenario: Scenario, state: testing.State) -> testing.State:
    return scenario.run(scenario.context().on.update_status(), stopped(state))


def status_is_overwritten(scenario: Scenario, state: testing.State) -> testing.State:
    return scenario.run(scenario.context().on.update_status(), other_status(state))


def peers(*units: int) -> Step:
    def step(scenario: Scenario, state: testing.State) -> testing.State:
        peer = dataclasses.replace(peer_of(state), peers_data={unit: {} for unit in units})
        on = scenario.context().on
        state = dataclasses.replace(with_relations(state, peer), planned_units=len(units) + 1)
        return scenario.run(on.relation_changed(peer, remote_unit=units[0]) if units else on.update_status(), state)

    return step


def peer_leaves(scenario: Scenario, state: testing.State) -> testing.State:
    others = dict(peer_of(state).peers_data)
    if not others:
        return state
    unit = max(others)
    del others[unit]
    peer = dataclasses.replace(peer_of(state), peers_data=others)
    state = dataclasses.replace(with_relations(state, peer), planned_units=len(others) + 1)
    return scenario.run(scenario.context().on.relation_departed(peer, remote_unit=unit, departing_unit=unit), state)


def peer_asks(scenario: Scenario, state: testing.State) -> testing.State:
    others = dict(peer_of(state).peers_data)
    if 1 not in others:
        return state
    peer = dataclasses.replace(peer_of(state), peers_data={**others, 1: {"migration-request": "abc"}})
    return scenario.run(scenario.context().on.relation_changed(peer, remote_unit=1), with_relations(state, peer))


def container_restarts(scenario: Scenario, state: testing.State) -> testing.State:
    (container,) = state.containers
    scenario.new_container()
    fresh = dataclasses.replace(container, layers={"image": layer(IMAGE)}, service_statuses={}, check_infos=frozenset())
    return scenario.run(scenario.context().on.pebble_ready(fresh), dataclasses.replace(state, containers={fresh}))


STEPS: dict[str, Step] = {
    "nothing": nothing,
    "nothing configured": nothing_configured,
    "nothing related": nothing_related,
    "greeting is a": option("a"),
    "greeting is b": option("b"),
    "database answers": database(DATABASE),
    "database moves": database({**DATABASE, "endpoints": "pg-other:5432"}),
    "database is empty": database({}),
    "database joins": database_joins,
    "rabbitmq is related": related("rabbitmq"),
    "rabbitmq joins": joined("rabbitmq"),
    "rabbitmq answers": answers("rabbitmq", RABBITMQ),
    "rabbitmq is removed": removed("rabbitmq"),
    "s3 is related": related("s3"),
    "s3 joins": joined("s3"),
    "s3 answers": answers("s3", S3),
    "metrics are related": related("metrics-endpoint"),
    "redis answers": redis("6379"),
    "redis moves": redis("6380"),
    "unit leads": leads(leader=True),
    "unit does not lead": leads(leader=False),
    "service stops": service_stops,
    "status is overwritten": status_is_overwritten,
    "peer joins": peers(1),
    "two peers": peers(1, 2),
    "peer leaves": peer_leaves,
    "peer asks for a migration": peer_asks,
    "container restarts": container_restarts,
}


def outcome(scenario: Scenario, state: testing.State) -> object:
    """Return everything that an operator, the application or another charm can see."""
    (container,) = state.containers
    key = next(iter(state.secrets)).tracked_content or {}
    services = json.dumps({name: each.to_dict() for name, each in container.plan.services.items()}, sort_keys=True)
    running = {name: str(info.current) for name, info in container.services.items()}
    databags = {
        each.endpoint: (dict(each.local_app_data), dict(each.local_unit_data))
        for each in state.relations
        if isinstance(each, testing.Relation)
    }
    files = {path.name: path.read_text() for path in sorted((scenario.root / "base").rglob("*")) if path.is_file()}
    # A charm library keeps its own notes in the databag; it sees an unchanged databag on the complete path only.
    return services.replace(key.get("value", "the key"), "the key"), running, databags, files, state.unit_status


@hypothesis.given(names=strategies.lists(strategies.sampled_from(sorted(STEPS)), min_size=2, max_size=8))
def test_the_short_path_ends_where_the_complete_one_does(
    meta: dict[str, object], tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    outcomes: list[list[object]] = []
    for keeps_record in (True, False):
        root = tmp_path_factory.mktemp("scenario")
        for folder in ("base/app", "tmp"):
            (root / folder).mkdir(parents=True)
        scenario = Scenario(meta=meta, root=root, keeps_record=keeps_record)
        for name in ("redis", "rabbitmq", "s3"):
            scenario.meta["requires"][name] = {"interface": name, "optional": True, "limit": 1}
        secret = testing.Secret({"value": "generated-key"}, owner="app", id="secret:cs9e1vm3i7s5fnw3b0ag")
        state = scenario.state(
            relations={scenario.peer(secret), dataclasses.replace(postgresql(app=DATABASE), id=7001), REDIS},
            secrets={secret},
            model=testing.Model("demo", type="kubernetes", uuid="11111111-2222-4333-8444-555555555555"),
        )
        state = settle(scenario, state)
        seen: list[object] = []
        for name in names:
            state = healthy(STEPS[name](scenario, state))
            seen.append(outcome(scenario, state))
        outcomes.append(seen)

    assert outcomes[0] == outcomes[1]
