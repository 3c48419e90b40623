"""Tests of states that the real providers show and that are neither complete nor wrong."""

import dataclasses
import json
import typing

import pytest
from ops import testing
from scenario import mocking
from test_integrations import example_named, relation_of, replaced, state_of
from world import World, environment, healthy, relation

GRPC = {"protocol": {"name": "otlp_grpc", "type": "grpc"}, "url": "tempo.tracing:4317"}
OURS = {"protocol": {"name": "otlp_http", "type": "http"}, "url": "http://tempo.tracing:4318"}
CREDENTIALS = {"access-key": "minioadmin", "secret-key": "s3SecretKey", "bucket": "flask-bucket"}


def after_change(
    world: World, name: str, app: dict[str, str], *, required: bool = False, **changes: typing.Any
) -> testing.State:
    """Run relation-changed for an example's endpoint with other data in the provider's application databag."""
    example = replaced(example_named(name), provider_app=app, also_related=[], **changes)
    related = relation_of(example, local_app_data=example.get("requirer_app", {}))
    state = state_of(world, example, related)
    world.meta["requires"][example["endpoint"]]["optional"] = not required
    return world.run(world.context().on.relation_changed(related, remote_unit=0), state)


def test_a_receiver_of_another_protocol_does_not_block_ours(world: World) -> None:
    after = after_change(world, "tracing", {"receivers": json.dumps([GRPC, OURS])})

    assert after.unit_status == testing.ActiveStatus()
    assert environment(after)["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://tempo.tracing:4318"


def test_only_receivers_of_other_protocols_are_waited_for(world: World) -> None:
    after = after_change(world, "tracing", {"receivers": json.dumps([GRPC])}, required=True)

    assert after.unit_status == testing.WaitingStatus("waiting for provider to provide tracing")


@pytest.mark.parametrize("app", [{"bucket": "flask-k8s"}, {"data": "{}"}, {"data": "{}", "bucket": "flask-k8s"}])
def test_s3_without_credentials_is_waited_for(world: World, app: dict[str, str]) -> None:
    optional = after_change(world, "s3", app)
    required = after_change(world, "s3", app, required=True)

    assert optional.unit_status == testing.ActiveStatus()
    assert not [name for name in environment(optional) if name.startswith("S3_")]
    assert required.unit_status == testing.WaitingStatus("waiting for provider to provide s3")


def test_reset_list_options_of_s3_are_absent(world: World) -> None:
    after = after_change(world, "s3", {**CREDENTIALS, "attributes": '""', "tls-ca-chain": '""'})

    assert after.unit_status == testing.ActiveStatus()
    assert not {"S3_ATTRIBUTES", "S3_TLS_CA_CHAIN", "S3_TLS_CA_FILE"} & environment(after).keys()


def test_a_leader_that_missed_relation_joined_requests_the_bucket(world: World) -> None:
    example = replaced(example_named("s3"), provider_app={})
    state = state_of(world, example, relation_of(example))

    after = world.run(world.context().on.leader_elected(), state)

    assert relation(after, "s3").local_app_data == {"bucket": "flask-k8s"}


def test_a_requested_bucket_stays(world: World) -> None:
    example = replaced(example_named("s3"), provider_app={})
    state = state_of(world, example, relation_of(example, local_app_data={"bucket": "older-name"}))

    after = world.run(world.context().on.update_status(), state)

    assert relation(after, "s3").local_app_data == {"bucket": "older-name"}


def valkey_answer(**changes: object) -> dict[str, object]:
    (answer,) = json.loads(example_named("valkey")["provider_app"]["requests"])
    return {**answer, **changes}


UNSET = dict.fromkeys(["read-only-endpoints", "sentinel-endpoints", "mode", "version", "secret-tls", "uris"])


def test_fields_that_valkey_has_not_set_are_absent(world: World) -> None:
    after = after_change(world, "valkey", {"requests": json.dumps([valkey_answer(**UNSET)])})

    variables = environment(after)
    assert after.unit_status == testing.ActiveStatus()
    assert variables["VALKEY_DB_HOSTNAME"] == "valkey-primary.test-model"
    assert "None" not in variables.values()


def test_valkey_without_an_address_is_waited_for(world: World) -> None:
    answers = json.dumps([valkey_answer(**UNSET, endpoints=None)])

    after = after_change(world, "valkey", {"requests": answers}, required=True)

    assert after.unit_status == testing.WaitingStatus("waiting for provider to provide valkey")


OLD = {"request-id": "0123456789abcdef", "endpoints": "old-primary:6379", "secret-user": "secret:d0vkgone000000000000"}


@pytest.mark.parametrize("leader", [True, False])
def test_the_answer_to_an_older_valkey_request_is_not_read(world: World, leader: bool) -> None:
    answers = json.dumps([valkey_answer(**OLD), valkey_answer()])
    example = replaced(example_named("valkey"), provider_app={"requests": answers})
    related = relation_of(example, local_app_data=example["requirer_app"])
    state = dataclasses.replace(state_of(world, example, related), leader=leader)

    after = world.run(world.context().on.config_changed(), state)

    assert environment(after)["VALKEY_DB_HOSTNAME"] == "valkey-primary.test-model"
    assert after.unit_status == testing.ActiveStatus()


def test_an_ingress_that_writes_null_is_waited_for(world: World) -> None:
    after = after_change(world, "ingress", {"ingress": "null"})

    assert after.unit_status == testing.ActiveStatus()
    assert environment(after)["FLASK_BASE_URL"] == "http://flask-k8s.test-model:8000"


def test_an_ingress_that_writes_no_json_ends_in_a_status(world: World) -> None:
    after = after_change(world, "ingress", {"ingress": "{"})

    assert isinstance(after.unit_status, testing.BlockedStatus)


def test_an_optional_login_waits_for_the_url_of_the_ingress_without_blocking(world: World) -> None:
    login, route = example_named("oauth"), replaced(example_named("ingress"), provider_app={})
    without_url = replaced(login, also_related=[route])

    after = world.run(world.context().on.config_changed(), state_of(world, without_url, relation_of(login)))

    assert after.unit_status == testing.ActiveStatus()
    assert "FLASK_OIDC_CLIENT_ID" not in environment(after)


def test_rabbitmq_in_the_application_databag_wins(world: World) -> None:
    app = {"hostname": "rabbitmq.test-model.svc.cluster.local", "password": "rmqPass01"}

    after = after_change(world, "rabbitmq-k8s", app, provider_units={"0": {"hostname": "10.1.2.3"}})

    assert environment(after)["RABBITMQ_HOSTNAME"] == "rabbitmq.test-model.svc.cluster.local"
    assert environment(after)["RABBITMQ_CONNECT_STRINGS"].count("amqp://") == 1


def test_a_verification_of_smtp_that_is_not_set_is_on(world: World) -> None:
    example = example_named("smtp-secret")

    after = after_change(world, "smtp-secret", {**example["provider_app"], "skip_ssl_verify": "None"})

    assert after.unit_status == testing.ActiveStatus()
    assert environment(after)["SMTP_SKIP_SSL_VERIFY"] == "False"


def ingress_state(world: World, **changes: typing.Any) -> testing.State:
    example = replaced(example_named("ingress"), provider_app={})
    return state_of(world, example, relation_of(example, **changes))


def test_the_ingress_learns_that_the_port_is_open(world: World) -> None:
    after = world.run(world.context().on.config_changed(), ingress_state(world))

    assert {port.port for port in after.opened_ports} == {8000}
    assert relation(after, "ingress").local_app_data["is_port_open"] == "true"


@pytest.mark.parametrize("leader", [True, False])
def test_the_address_is_published_once(world: World, monkeypatch: pytest.MonkeyPatch, leader: bool) -> None:
    state = dataclasses.replace(ingress_state(world), leader=leader)
    settled = healthy(world.run(world.context().on.config_changed(), state))
    writes: list[tuple[object, ...]] = []
    backend_type = mocking._MockModelBackend  # pyright: ignore[reportPrivateUsage]  it represents the hook tools

    def relation_set(_: object, *arguments: object, **__: object) -> None:
        writes.append(arguments)

    monkeypatch.setattr(backend_type, "relation_set", relation_set)

    world.run(world.context().on.update_status(), settled)

    assert relation(settled, "ingress").local_unit_data.keys() >= {"host", "ip"}
    assert writes == []


@pytest.mark.parametrize("changed", [{"host": '"elsewhere"'}, {"ip": '"10.9.9.9"'}])
def test_a_new_address_is_published(world: World, changed: dict[str, str]) -> None:
    settled = healthy(world.run(world.context().on.config_changed(), ingress_state(world)))
    before = relation(settled, "ingress")
    moved = dataclasses.replace(before, local_unit_data={**before.local_unit_data, **changed})
    others = {each for each in settled.relations if each.endpoint != "ingress"}

    after = world.run(world.context().on.update_status(), dataclasses.replace(settled, relations={*others, moved}))

    assert relation(after, "ingress").local_unit_data == before.local_unit_data


def test_a_port_that_the_library_refuses_ends_in_a_status(world: World) -> None:
    world.paas_config = "port: 65535\n"

    after = world.run(world.context().on.config_changed(), ingress_state(world))

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert "publishing port 65535 to ingress" in after.unit_status.message
