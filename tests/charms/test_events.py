"""Tests of each event, with its number in the charm architecture; and of other events of Juju."""

import dataclasses

import ops
import pytest
from flask_scenario import DATABASE, Calls, Scenario, environment, peer_of, postgresql, relation
from ops import testing


def runs(state: testing.State) -> bool:
    (container,) = state.containers
    return container.service_statuses.get("flask") == ops.pebble.ServiceStatus.ACTIVE


def test_event_01_pebble_ready(scenario: Scenario) -> None:
    context, state = scenario.context(), scenario.state()
    (container,) = state.containers

    after = context.run(context.on.pebble_ready(container), state)

    assert runs(after)
    assert after.unit_status == testing.ActiveStatus()


def test_event_02_config_changed(scenario: Scenario) -> None:
    settled = scenario.settled()

    changed = dataclasses.replace(settled, config={"greeting": "Hello"})
    after = scenario.run(scenario.context().on.config_changed(), changed)

    assert environment(after)["FLASK_GREETING"] == "Hello"
    assert after.unit_status == testing.ActiveStatus()


def test_event_03_secret_storage_relation_created(scenario: Scenario) -> None:
    peer = scenario.peer(None)
    state = scenario.state(relations={peer}, secrets=set())

    after = scenario.run(scenario.context().on.relation_created(peer), state)

    (secret,) = after.secrets
    noted = after.get_relation(peer.id).local_app_data
    assert noted["flask_secret_key_id"] == secret.id
    assert len((secret.latest_content or {})["value"]) == 86
    assert "flask_secret_key" not in noted


def test_event_04_secret_storage_relation_changed(scenario: Scenario) -> None:
    secret = scenario.secret()
    peer = scenario.peer(secret, peers_data={1: {}})
    state = scenario.state(leader=False, secrets={secret}, relations={peer, postgresql(app=DATABASE, local={})})

    after = scenario.run(scenario.context().on.relation_changed(peer, remote_unit=1), state)

    assert runs(after)
    assert environment(after)["FLASK_SECRET_KEY"] == "generated-key"


def test_event_05_secret_storage_relation_departed(scenario: Scenario) -> None:
    secret = scenario.secret()
    peer = scenario.peer(secret, peers_data={1: {}, 2: {}})
    state = scenario.settled(secrets={secret}, relations={peer, postgresql(app=DATABASE)})
    left = dataclasses.replace(peer, peers_data={1: {}})
    state = dataclasses.replace(state, relations={left, postgresql(app=DATABASE)})

    after = scenario.run(scenario.context().on.relation_departed(left, remote_unit=2, departing_unit=2), state)

    assert environment(after)["FLASK_PEER_FQDNS"] == "flask-k8s-1.flask-k8s-endpoints.demo.svc.cluster.local"


def test_event_06_update_status(scenario: Scenario) -> None:
    state = scenario.state()

    after = scenario.run(scenario.context().on.update_status(), state)

    assert runs(after)
    assert after.unit_status == testing.ActiveStatus()


def test_event_07_secret_changed(scenario: Scenario) -> None:
    credentials = testing.Secret(
        {"username": "u", "password": "first"}, latest_content={"username": "u", "password": "second"}
    )
    database = postgresql(app={"endpoints": "pg:5432", "database": "flask-k8s", "secret-user": credentials.id})
    secret = scenario.secret()
    state = scenario.state(secrets={secret, credentials}, relations={scenario.peer(secret), database})

    after = scenario.run(scenario.context().on.secret_changed(credentials), state)

    assert environment(after)["POSTGRESQL_DB_PASSWORD"] == "second"


def test_event_08_database_created(scenario: Scenario) -> None:
    credentials = testing.Secret({"username": "u", "password": "p"})
    database = postgresql(app={"endpoints": "pg:5432", "database": "flask-k8s", "secret-user": credentials.id})
    secret = scenario.secret()
    context = scenario.context()
    state = scenario.state(secrets={secret, credentials}, relations={scenario.peer(secret), database})

    after = context.run(context.on.relation_changed(database), state)

    assert "DatabaseCreatedEvent" in {type(event).__name__ for event in context.emitted_events}
    assert environment(after)["POSTGRESQL_DB_CONNECT_STRING"] == "postgresql://u:p@pg:5432/flask-k8s"
    assert runs(after)


def test_event_08_the_request_is_sent_by_the_library(scenario: Scenario) -> None:
    database = postgresql(local={})
    secret = scenario.secret()
    state = scenario.state(relations={scenario.peer(secret), database}, secrets={secret})

    after = scenario.run(scenario.context().on.relation_created(database), state)

    request = after.get_relation(database.id).local_app_data
    assert request["database"] == "flask-k8s"
    assert "password" in request["requested-secrets"]
    assert after.unit_status == testing.WaitingStatus("waiting for postgresql-k8s to provide postgresql")


def test_event_08_a_new_leader_sends_a_missing_request(scenario: Scenario) -> None:
    database = postgresql(local={})
    secret = scenario.secret()
    state = scenario.state(relations={scenario.peer(secret), database}, secrets={secret})

    after = scenario.run(scenario.context().on.leader_elected(), state)

    assert after.get_relation(database.id).local_app_data["database"] == "flask-k8s"


def test_event_09_endpoints_changed(scenario: Scenario) -> None:
    secret = scenario.secret()
    before = postgresql(app=DATABASE)
    context = scenario.context()
    state = scenario.run(
        context.on.relation_changed(before), scenario.state(relations={scenario.peer(secret), before}, secrets={secret})
    )
    moved = dataclasses.replace(
        state.get_relation(before.id), remote_app_data={**DATABASE, "endpoints": "pg-second:5432"}
    )
    peer = peer_of(state)

    context.emitted_events.clear()
    after = context.run(context.on.relation_changed(moved), dataclasses.replace(state, relations={peer, moved}))

    assert "DatabaseEndpointsChangedEvent" in {type(event).__name__ for event in context.emitted_events}
    assert environment(after)["POSTGRESQL_DB_HOSTNAME"] == "pg-second"


def test_event_10_database_relation_broken(scenario: Scenario) -> None:
    settled = scenario.settled()
    database = relation(settled)

    after = scenario.run(scenario.context().on.relation_broken(database), settled)

    assert after.unit_status == testing.BlockedStatus(
        "missing integrations: postgresql (juju integrate flask-k8s postgresql-k8s)"
    )
    assert not runs(after)


def test_event_10_an_optional_database_leaves_no_trace(scenario: Scenario) -> None:
    scenario.meta["requires"]["postgresql"]["optional"] = True
    settled = scenario.settled()
    database = relation(settled)

    after = scenario.run(scenario.context().on.relation_broken(database), settled)

    assert not [name for name in environment(after) if name.startswith("POSTGRESQL")]
    assert runs(after)
    assert after.unit_status == testing.ActiveStatus()


def test_event_26_rotate_secret_key(scenario: Scenario) -> None:
    context = scenario.context()
    settled = scenario.settled()

    after = context.run(context.on.action("rotate-secret-key"), settled)

    assert context.action_results == {"status": "success"}
    (secret,) = after.secrets
    fresh = (secret.latest_content or {})["value"]
    assert fresh != "generated-key"
    assert environment(after)["FLASK_SECRET_KEY"] == fresh


@pytest.mark.parametrize("name", ["install", "start", "leader_elected", "upgrade_charm"])
def test_other_juju_events_run_the_same_pass(scenario: Scenario, name: str) -> None:
    after = scenario.run(getattr(scenario.context().on, name)(), scenario.state())

    assert runs(after)
    assert after.unit_status == testing.ActiveStatus()


@pytest.mark.parametrize("name", ["stop", "remove"])
def test_a_removed_unit_is_not_changed(scenario: Scenario, name: str) -> None:
    settled = scenario.settled()

    after = scenario.run(getattr(scenario.context().on, name)(), settled)

    assert after.containers == settled.containers


def test_waits_until_the_container_is_up(scenario: Scenario) -> None:
    state = scenario.state(containers={scenario.workload(can_connect=False)})

    after = scenario.run(scenario.context().on.install(), state)

    assert after.unit_status == testing.WaitingStatus("Waiting for pebble ready")


def test_install_waits_for_the_peer_relation_without_a_look_at_the_container(scenario: Scenario, calls: Calls) -> None:
    state = dataclasses.replace(scenario.state(secrets=set()), relations=frozenset())

    after = scenario.run(scenario.context().on.install(), state)

    assert after.unit_status == testing.WaitingStatus("Waiting for peer integration")
    assert calls.names() == []


def test_both_container_names_of_the_extension_work(scenario: Scenario) -> None:
    scenario.meta["containers"] = {"app": {"resource": "flask-app-image"}}
    scenario.container = "app"

    after = scenario.run(scenario.context().on.config_changed(), scenario.state())

    assert runs(after)
