"""The built-in S3 charm, with a stand-in for the server."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module

import ops
import providers
import pytest
import recorded_answers
from ops import testing

ASKS = testing.Relation(
    "s3-credentials", interface="s3", id=7, remote_app_name="web", remote_app_data={"bucket": "photos"}
)
OBJECT = {"bucket": "photos", "key": "cat.png", "size": "3", "modified": "2026-01-02T03:04:05Z"}


class Storage:
    """A stand-in for the server: each bucket has one object, and one name is refused."""

    def __init__(self, buckets: set[str]) -> None:
        self._buckets = buckets

    def create(self, bucket: str) -> None:
        if bucket == "No":
            raise import_module("buckets").BucketError("InvalidBucketName: The specified bucket is not valid.")
        self._buckets.add(bucket)

    def objects(self, bucket: str | None = None) -> Iterator[dict[str, str]]:
        if bucket == "gone":
            raise import_module("buckets").BucketError("NoSuchBucket: The specified bucket does not exist")
        if bucket == "silent":
            raise ConnectionRefusedError("Connection refused")
        yield OBJECT


@pytest.fixture
def buckets() -> set[str]:
    """Return the buckets of the server."""
    return set()


@pytest.fixture
def context(
    buckets: set[str], answering: list[bool], monkeypatch: pytest.MonkeyPatch
) -> testing.Context[ops.CharmBase]:
    loaded = providers.context("s3-integrator")

    def storage(port: int) -> Storage:
        return Storage(buckets)

    monkeypatch.setattr(import_module("buckets"), "Storage", storage)
    return loaded


def state(*relations: testing.Relation) -> testing.State:
    return providers.state(testing.Container("s3", can_connect=True), *relations)


def test_creates_the_bucket_and_publishes_keys(context: testing.Context[ops.CharmBase], buckets: set[str]):
    after = context.run(context.on.relation_changed(ASKS), state(ASKS))

    databag = dict(after.get_relation(7).local_app_data)
    keys = databag.pop("access-key"), databag.pop("secret-key")
    assert after.unit_status == testing.ActiveStatus()
    assert buckets == {"photos"}
    assert all(keys)
    assert databag == {
        "bucket": "photos",
        "endpoint": "http://s3-integrator.demo.svc.cluster.local:9000",
        "region": "us-east-1",
        "s3-uri-style": "path",
    }


def test_an_answer_has_the_keys_of_the_real_one(context: testing.Context[ops.CharmBase]):
    relation = replace(ASKS, remote_app_data=recorded_answers.request("s3-s3-6"))

    after = context.run(context.on.relation_changed(relation), state(relation))

    recorded_answers.check_keys(after.get_relation(7), "s3-s3-6")


def test_the_keys_stay(context: testing.Context[ops.CharmBase]):
    before = context.run(context.on.relation_changed(ASKS), state(ASKS))

    after = context.run(context.on.update_status(), before)

    assert after.relations == before.relations


def test_a_new_relation_gets_the_same_keys(context: testing.Context[ops.CharmBase]):
    before = context.run(context.on.relation_changed(ASKS), state(ASKS))
    broken = context.run(context.on.relation_broken(before.get_relation(7)), before)
    again = replace(ASKS, id=8)

    after = context.run(context.on.relation_changed(again), replace(broken, relations={again}))

    assert after.get_relation(8).local_app_data == before.get_relation(7).local_app_data


def test_a_client_without_a_request_gets_nothing(context: testing.Context[ops.CharmBase], buckets: set[str]):
    silent = testing.Relation("s3-credentials", interface="s3", id=7)

    after = context.run(context.on.relation_changed(silent, remote_unit=0), state(silent))

    assert after.unit_status == testing.ActiveStatus()
    assert not after.get_relation(7).local_app_data
    assert not buckets


def test_a_refused_name_blocks_and_other_clients_are_served(context: testing.Context[ops.CharmBase]):
    refused = testing.Relation(
        "s3-credentials", interface="s3", id=3, remote_app_name="api", remote_app_data={"bucket": "No"}
    )

    after = context.run(context.on.relation_changed(ASKS), state(refused, ASKS))

    assert after.unit_status == testing.BlockedStatus(
        "api asks for the bucket 'No': InvalidBucketName: The specified bucket is not valid."
    )
    assert after.get_relation(7).local_app_data["bucket"] == "photos"


def test_the_action_lists_objects(context: testing.Context[ops.CharmBase]):
    context.run(context.on.action("list-objects"), state(ASKS))

    assert context.action_results == {"count": 1, "objects": {"1": OBJECT}}


@pytest.mark.parametrize(
    ("bucket", "words"),
    [
        ("gone", "NoSuchBucket: The specified bucket does not exist"),
        ("silent", "the server does not answer: Connection refused; juju status shows the reason"),
    ],
)
def test_the_action_fails_with_the_reason(context: testing.Context[ops.CharmBase], bucket: str, words: str):
    with pytest.raises(testing.ActionFailed) as failed:
        context.run(context.on.action("list-objects", params={"bucket": bucket}), state(ASKS))

    assert failed.value.message == words


def configured(*relations: testing.Relation, **config: str | int) -> testing.State:
    return replace(state(*relations), config=config)


def test_the_bucket_and_the_path_of_the_options_are_those_of_all_clients(
    context: testing.Context[ops.CharmBase], buckets: set[str]
):
    options = {"bucket": "shared", "path": "backups", "region": "eu-1", "storage-class": "COLD", "attributes": "a, b"}

    after = context.run(context.on.config_changed(), configured(ASKS, **options))

    databag = after.get_relation(7).local_app_data
    assert buckets == {"shared"}
    assert {name: databag[name] for name in options} == {**options, "attributes": '["a", "b"]'}


def test_clients_use_the_server_of_the_option_endpoint(context: testing.Context[ops.CharmBase], buckets: set[str]):
    pem = "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----"
    chain = base64.b64encode(f"{pem}\n{pem}\n".encode()).decode()
    options: dict[str, str | int] = {
        "endpoint": "https://s3.example.com",
        "s3-uri-style": "host",
        "tls-ca-chain": chain,
        "experimental-delete-older-than-days": 7,
    }

    after = context.run(context.on.config_changed(), configured(ASKS, **options))

    databag = after.get_relation(7).local_app_data
    assert not buckets
    assert (databag["endpoint"], databag["s3-uri-style"]) == ("https://s3.example.com", "host")
    assert databag["tls-ca-chain"] == json.dumps([pem, pem])
    assert databag["delete-older-than-days"] == "7"


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"tls-ca-chain": "!"}, "invalid option tls-ca-chain (must be PEM, encoded in base64)"),
        (
            {"experimental-delete-older-than-days": 0},
            "invalid option experimental-delete-older-than-days (must be from 1 to 9999999)",
        ),
    ],
)
def test_an_invalid_option_blocks(context: testing.Context[ops.CharmBase], config: dict[str, str | int], message: str):
    after = context.run(context.on.config_changed(), configured(ASKS, **config))

    assert after.unit_status == testing.BlockedStatus(message)


def test_the_keys_of_the_action_are_those_of_all_clients(context: testing.Context[ops.CharmBase]):
    before = context.run(context.on.relation_changed(ASKS), state(ASKS))
    keys = {"access-key": "mine", "secret-key": "hidden"}

    after = context.run(context.on.action("sync-s3-credentials", params=keys), before)
    results = dict(context.action_results or {})
    databag = after.get_relation(7).local_app_data
    context.run(context.on.action("get-s3-connection-info"), after)

    assert results == {"ok": "Credentials successfully updated."}
    assert {name: databag[name] for name in keys} == keys
    assert context.action_results is not None
    assert context.action_results["secret-key"] == "************"
    assert context.action_results["endpoint"] == "http://s3-integrator.demo.svc.cluster.local:9000"


def test_an_action_says_that_there_are_keys(context: testing.Context[ops.CharmBase]):
    context.run(context.on.action("get-s3-credentials"), state(ASKS))

    assert context.action_results == {"ok": "Credentials are configured."}
