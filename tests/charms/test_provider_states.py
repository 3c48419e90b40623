"""Tests of states that the real providers show and that are neither complete nor wrong."""

import dataclasses
import json
import typing

import pytest
from flask_scenario import DATABASE, Scenario, environment, healthy, postgresql, relation
from ops import testing
from scenario import mocking
from test_integrations import example_named, relation_of, replaced, state_of

GRPC = {"protocol": {"name": "otlp_grpc", "type": "grpc"}, "url": "tempo.tracing:4317"}
OURS = {"protocol": {"name": "otlp_http", "type": "http"}, "url": "http://tempo.tracing:4318"}
CREDENTIALS = {"access-key": "minioadmin", "secret-key": "s3SecretKey", "bucket": "flask-bucket"}


def after_change(
    scenario: Scenario, name: str, app: dict[str, str], *, required: bool = False, **changes: typing.Any
) -> testing.State:
    """Run relation-changed for an example's endpoint with other data in the provider's application databag."""
    example = replaced(example_named(name), provider_app=app, also_related=[], **changes)
    related = relation_of(example, local_app_data=example.get("requirer_app", {}))
    state = state_of(scenario, example, related)
    scenario.meta["requires"][example["endpoint"]]["optional"] = not required
    return scenario.run(scenario.context().on.relation_changed(related, remote_unit=0), state)


def test_a_receiver_of_another_protocol_does_not_block_ours(scenario: Scenario) -> None:
    after = after_change(scenario, "tracing", {"receivers": json.dumps([GRPC, OURS])})

    assert after.unit_status == testing.ActiveStatus()
    assert environment(after)["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://tempo.tracing:4318"


def test_only_receivers_of_other_protocols_are_waited_for(scenario: Scenario) -> None:
    after = after_change(scenario, "tracing", {"receivers": json.dumps([GRPC])}, required=True)

    assert after.unit_status == testing.WaitingStatus("waiting for provider to provide tracing")


@pytest.mark.parametrize("app", [{"bucket": "flask-k8s"}, {"data": "{}"}, {"data": "{}", "bucket": "flask-k8s"}])
def test_s3_without_credentials_is_waited_for(scenario: Scenario, app: dict[str, str]) -> None:
    optional = after_change(scenario, "s3", app)
    required = after_change(scenario, "s3", app, required=True)

    assert optional.unit_status == testing.ActiveStatus()
    assert not [name for name in environment(optional) if name.startswith("S3_")]
    assert required.unit_status == testing.WaitingStatus("waiting for provider to provide s3")


def test_reset_list_options_of_s3_are_absent(scenario: Scenario) -> None:
    after = after_change(scenario, "s3", {**CREDENTIALS, "attributes": '""', "tls-ca-chain": '""'})

    assert after.unit_status == testing.ActiveStatus()
    assert not {"S3_ATTRIBUTES", "S3_TLS_CA_CHAIN", "S3_TLS_CA_FILE"} & environment(after).keys()


def test_a_leader_that_missed_relation_joined_requests_the_bucket(scenario: Scenario) -> None:
    example = replaced(example_named("s3"), provider_app={})
    state = state_of(scenario, example, relation_of(example))

    after = scenario.run(scenario.context().on.leader_elected(), state)

    assert relation(after, "s3").local_app_data == {"bucket": "flask-k8s"}


def test_a_requested_bucket_stays(scenario: Scenario) -> None:
    example = replaced(example_named("s3"), provider_app={})
    state = state_of(scenario, example, relation_of(example, local_app_data={"bucket": "older-name"}))

    after = scenario.run(scenario.context().on.update_status(), state)

    assert relation(after, "s3").local_app_data == {"bucket": "older-name"}


def valkey_answer(**changes: object) -> dict[str, object]:
    (answer,) = json.loads(example_named("valkey")["provider_app"]["requests"])
    return {**answer, **changes}


UNSET = dict.fromkeys(["read-only-endpoints", "sentinel-endpoints", "mode", "version", "secret-tls", "uris"])


def test_fields_that_valkey_has_not_set_are_absent(scenario: Scenario) -> None:
    after = after_change(scenario, "valkey", {"requests": json.dumps([valkey_answer(**UNSET)])})

    variables = environment(after)
    assert after.unit_status == testing.ActiveStatus()
    assert variables["VALKEY_DB_HOSTNAME"] == "valkey-primary.test-model"
    assert "None" not in variables.values()


def test_valkey_without_an_address_is_waited_for(scenario: Scenario) -> None:
    answers = json.dumps([valkey_answer(**UNSET, endpoints=None)])

    after = after_change(scenario, "valkey", {"requests": answers}, required=True)

    assert after.unit_status == testing.WaitingStatus("waiting for provider to provide valkey")


OLD = {"request-id": "0123456789abcdef", "endpoints": "old-primary:6379", "secret-user": "secret:d0vkgone000000000000"}


@pytest.mark.parametrize("leader", [True, False])
def test_the_answer_to_an_older_valkey_request_is_not_read(scenario: Scenario, leader: bool) -> None:
    answers = json.dumps([valkey_answer(**OLD), valkey_answer()])
    example = replaced(example_named("valkey"), provider_app={"requests": answers})
    related = relation_of(example, local_app_data=example["requirer_app"])
    state = dataclasses.replace(state_of(scenario, example, related), leader=leader)

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert environment(after)["VALKEY_DB_HOSTNAME"] == "valkey-primary.test-model"
    assert after.unit_status == testing.ActiveStatus()


def test_an_ingress_that_writes_null_is_waited_for(scenario: Scenario) -> None:
    after = after_change(scenario, "ingress", {"ingress": "null"})

    assert after.unit_status == testing.ActiveStatus()
    assert environment(after)["FLASK_BASE_URL"] == "http://flask-k8s.test-model:8000"


def test_an_ingress_that_writes_no_json_ends_in_a_status(scenario: Scenario) -> None:
    after = after_change(scenario, "ingress", {"ingress": "{"})

    assert isinstance(after.unit_status, testing.BlockedStatus)


def test_an_optional_login_waits_for_the_url_of_the_ingress_without_blocking(scenario: Scenario) -> None:
    login, route = example_named("oauth"), replaced(example_named("ingress"), provider_app={})
    without_url = replaced(login, also_related=[route])

    after = scenario.run(scenario.context().on.config_changed(), state_of(scenario, without_url, relation_of(login)))

    assert after.unit_status == testing.ActiveStatus()
    assert "FLASK_OIDC_CLIENT_ID" not in environment(after)


def test_an_optional_login_without_an_ingress_does_not_stop_the_application(scenario: Scenario) -> None:
    login = replaced(example_named("oauth"), also_related=[])
    state = state_of(scenario, login, relation_of(login))
    scenario.meta["requires"]["postgresql"] = {"interface": "postgresql_client"}
    database = postgresql(app=DATABASE)
    settled = healthy(
        scenario.run(
            scenario.context().on.config_changed(), dataclasses.replace(state, relations={*state.relations, database})
        )
    )
    moved = dataclasses.replace(database, remote_app_data={**DATABASE, "endpoints": "pg-standby:5432"})
    others = {each for each in settled.relations if each.endpoint != "postgresql"}

    after = scenario.run(
        scenario.context().on.relation_changed(moved), dataclasses.replace(settled, relations={*others, moved})
    )

    assert after.unit_status == settled.unit_status
    assert after.unit_status == testing.BlockedStatus(
        "integration oidc needs an ingress, so that browsers reach the application "
        "(juju integrate flask-k8s traefik-k8s)"
    )
    assert environment(after)["POSTGRESQL_DB_HOSTNAME"] == "pg-standby"
    assert "FLASK_OIDC_CLIENT_ID" not in environment(after)


def test_rabbitmq_in_the_application_databag_wins(scenario: Scenario) -> None:
    app = {"hostname": "rabbitmq.test-model.svc.cluster.local", "password": "rmqPass01"}

    after = after_change(scenario, "rabbitmq-k8s", app, provider_units={"0": {"hostname": "10.1.2.3"}})

    assert environment(after)["RABBITMQ_HOSTNAME"] == "rabbitmq.test-model.svc.cluster.local"
    assert environment(after)["RABBITMQ_CONNECT_STRINGS"].count("amqp://") == 1


def test_a_verification_of_smtp_that_is_not_set_is_on(scenario: Scenario) -> None:
    example = example_named("smtp-secret")

    after = after_change(scenario, "smtp-secret", {**example["provider_app"], "skip_ssl_verify": "None"})

    assert after.unit_status == testing.ActiveStatus()
    assert environment(after)["SMTP_SKIP_SSL_VERIFY"] == "False"


def ingress_state(scenario: Scenario, **changes: typing.Any) -> testing.State:
    example = replaced(example_named("ingress"), provider_app={})
    return state_of(scenario, example, relation_of(example, **changes))


def test_the_ingress_learns_that_the_port_is_open(scenario: Scenario) -> None:
    after = scenario.run(scenario.context().on.config_changed(), ingress_state(scenario))

    assert {port.port for port in after.opened_ports} == {8000}
    assert relation(after, "ingress").local_app_data["is_port_open"] == "true"


@pytest.mark.parametrize("leader", [True, False])
def test_the_address_is_published_once(scenario: Scenario, monkeypatch: pytest.MonkeyPatch, leader: bool) -> None:
    state = dataclasses.replace(ingress_state(scenario), leader=leader)
    settled = healthy(scenario.run(scenario.context().on.config_changed(), state))
    writes: list[tuple[object, ...]] = []
    backend_type = mocking._MockModelBackend  # pyright: ignore[reportPrivateUsage]  it represents the hook tools

    def relation_set(_: object, *arguments: object, **__: object) -> None:
        writes.append(arguments)

    monkeypatch.setattr(backend_type, "relation_set", relation_set)

    scenario.run(scenario.context().on.update_status(), settled)

    assert relation(settled, "ingress").local_unit_data.keys() >= {"host", "ip"}
    assert writes == []


@pytest.mark.parametrize("changed", [{"host": '"elsewhere"'}, {"ip": '"10.9.9.9"'}])
def test_a_new_address_is_published(scenario: Scenario, changed: dict[str, str]) -> None:
    settled = healthy(scenario.run(scenario.context().on.config_changed(), ingress_state(scenario)))
    before = relation(settled, "ingress")
    moved = dataclasses.replace(before, local_unit_data={**before.local_unit_data, **changed})
    others = {each for each in settled.relations if each.endpoint != "ingress"}

    after = scenario.run(
        scenario.context().on.update_status(), dataclasses.replace(settled, relations={*others, moved})
    )

    assert relation(after, "ingress").local_unit_data == before.local_unit_data


def test_a_port_that_the_library_refuses_ends_in_a_status(scenario: Scenario) -> None:
    scenario.paas_config = "port: 65535\n"

    after = scenario.run(scenario.context().on.config_changed(), ingress_state(scenario))

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert "publishing port 65535 to ingress" in after.unit_status.message
