"""Tests of each event of an integration, with its number in the charm architecture."""

import dataclasses
import typing

import ops
import pytest
from flask_scenario import Scenario, environment, relation
from ops import testing
from test_integrations import example_named, relation_of, replaced, state_of


def runs(state: testing.State) -> bool:
    (container,) = state.containers
    return container.service_statuses.get("flask") == ops.pebble.ServiceStatus.ACTIVE


def related(scenario: Scenario, name: str, **changes: typing.Any) -> testing.State:
    """Return the state with the relation data of an example."""
    example = replaced(example_named(name), **changes)
    return state_of(scenario, example, relation_of(example))


def changed(scenario: Scenario, name: str) -> testing.State:
    """Run relation-changed of the example."""
    state = related(scenario, name)
    return scenario.run(
        scenario.context().on.relation_changed(relation(state, example_named(name)["endpoint"]), remote_unit=0), state
    )


def broken(scenario: Scenario, name: str) -> testing.State:
    """Run relation-broken of the example."""
    state = changed(scenario, name)
    return scenario.run(scenario.context().on.relation_broken(relation(state, example_named(name)["endpoint"])), state)


def emitted(scenario: Scenario) -> set[str]:
    return {type(event).__name__ for event in scenario.context().emitted_events}


def test_event_11_ingress_ready(scenario: Scenario) -> None:
    after = changed(scenario, "ingress")

    assert "IngressPerAppReadyEvent" in emitted(scenario)
    assert environment(after)["FLASK_BASE_URL"] == "http://juju.test/test-model-flask-k8s"
    assert runs(after)


def test_event_12_ingress_revoked(scenario: Scenario) -> None:
    after = broken(scenario, "ingress")

    assert "IngressPerAppRevokedEvent" in emitted(scenario)
    assert environment(after)["FLASK_BASE_URL"] == "http://flask-k8s.test-model:8000"
    assert runs(after)


def test_event_13_redis_relation_updated(scenario: Scenario) -> None:
    assert environment(changed(scenario, "redis"))["REDIS_DB_PORT"] == "6379"
    assert not [name for name in environment(broken(scenario, "redis")) if name.startswith("REDIS")]


def test_event_14_s3_credentials_changed(scenario: Scenario) -> None:
    after = changed(scenario, "s3")

    assert "CredentialsChangedEvent" in emitted(scenario)
    assert environment(after)["S3_BUCKET"] == "flask-bucket"
    assert runs(after)


def test_event_15_s3_credentials_gone(scenario: Scenario) -> None:
    after = broken(scenario, "s3")

    assert "CredentialsGoneEvent" in emitted(scenario)
    assert not [name for name in environment(after) if name.startswith("S3_")]


def test_event_16_saml_data_available(scenario: Scenario) -> None:
    assert environment(changed(scenario, "saml"))["SAML_SIGNING_CERTIFICATE"] == "MIICfirstSigningCert=="


def test_event_17_rabbitmq_ready(scenario: Scenario) -> None:
    after = changed(scenario, "rabbitmq-k8s")

    assert environment(after)["RABBITMQ_VHOST"] == "/"
    assert runs(after)


def test_event_18_rabbitmq_connected(scenario: Scenario) -> None:
    event, state = joined(scenario, "rabbitmq-waiting")
    scenario.meta["requires"]["rabbitmq"]["optional"] = False

    after = scenario.run(event, state)

    # the account is requested, and the application waits for it
    assert dict(relation(after, "rabbitmq").local_app_data) == {"username": "flask-k8s", "vhost": "/"}
    assert after.unit_status == testing.WaitingStatus("waiting for provider to provide rabbitmq")


def test_event_19_rabbitmq_joined(scenario: Scenario) -> None:
    after = scenario.run(*joined(scenario, "rabbitmq-waiting"))

    assert dict(relation(after, "rabbitmq").local_app_data) == {"username": "flask-k8s", "vhost": "/"}


def test_event_20_rabbitmq_changed(scenario: Scenario) -> None:
    after = changed(scenario, "rabbitmq-server")

    assert environment(after)["RABBITMQ_CONNECT_STRINGS"].count("amqp://") == 2


def test_event_21_rabbitmq_broken(scenario: Scenario) -> None:
    after = broken(scenario, "rabbitmq-server")

    assert not [name for name in environment(after) if name.startswith("RABBITMQ")]
    assert runs(after)


def test_event_22_rabbitmq_departed(scenario: Scenario) -> None:
    state = changed(scenario, "rabbitmq-server")
    before = relation(state, "rabbitmq")
    left = dataclasses.replace(before, remote_units_data={0: before.remote_units_data[0]})
    state = dataclasses.replace(state, relations={each for each in state.relations if each.id != left.id} | {left})

    after = scenario.run(scenario.context().on.relation_departed(left, remote_unit=1, departing_unit=1), state)

    assert environment(after)["RABBITMQ_CONNECT_STRINGS"] == "amqp://flask-k8s:rmqPass01@10.58.171.158:5672/%2F"


def test_event_23_tracing_endpoint_changed(scenario: Scenario) -> None:
    assert environment(changed(scenario, "tracing"))["OTEL_SERVICE_NAME"] == "flask-k8s"


def test_event_24_tracing_endpoint_removed(scenario: Scenario) -> None:
    assert not [name for name in environment(broken(scenario, "tracing")) if name.startswith("OTEL")]


def test_event_25_smtp_data_available(scenario: Scenario) -> None:
    assert environment(changed(scenario, "smtp-secret"))["SMTP_PASSWORD"] == "smtpPass01"


@pytest.mark.parametrize("name", ["redis", "s3", "saml", "rabbitmq-k8s", "smtp-secret", "tracing", "openfga", "oauth"])
def test_the_same_relation_data_again_changes_nothing(scenario: Scenario, name: str) -> None:
    settled = changed(scenario, name)
    settled = scenario.run(
        scenario.context().on.relation_changed(relation(settled, example_named(name)["endpoint"]), remote_unit=0),
        settled,
    )
    scenario.context().exec_history.clear()

    after = scenario.run(
        scenario.context().on.relation_changed(relation(settled, example_named(name)["endpoint"]), remote_unit=0),
        settled,
    )

    assert after.containers == settled.containers
    assert after.relations == settled.relations
    assert not scenario.context().exec_history.get(scenario.container)


@pytest.mark.parametrize("name", ["redis", "s3", "saml", "rabbitmq-k8s", "smtp-secret", "tracing"])
def test_a_new_integration_does_not_repeat_the_migration(scenario: Scenario, name: str) -> None:
    scenario.image_file("migrate.sh")
    scenario.commands |= {testing.Exec(["bash"])}
    example = replaced(example_named(name), also_related=[])
    settled = scenario.run(scenario.context().on.config_changed(), state_of(scenario, example))
    (container,) = settled.containers
    added = relation_of(example)
    secrets = {testing.Secret(content, id=uri) for uri, content in example["secrets"].items()}
    state = dataclasses.replace(settled, relations={*settled.relations, added}, secrets={*settled.secrets, *secrets})
    scenario.context().exec_history.clear()

    scenario.run(scenario.context().on.relation_changed(added, remote_unit=0), state)

    assert [each.command[0] for each in scenario.context().exec_history[container.name]] == ["/bin/python3"]


def joined(scenario: Scenario, name: str) -> tuple[typing.Any, testing.State]:
    state = related(scenario, name)
    return scenario.context().on.relation_joined(relation(state, example_named(name)["endpoint"]), remote_unit=0), state
