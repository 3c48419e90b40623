"""The built-in charm for traces, with a stand-in for the receiver."""

import json
from typing import Any

import ops
import providers
import pytest
from ops import testing

SPAN = {"service": "web", "name": "GET /", "trace": "5b8e", "status": "ok", "duration": 2.5, "id": "eee1"}
RECEIVER = {
    "protocol": {"name": "otlp_http", "type": "http"},
    "url": "http://tempo-coordinator-k8s.demo.svc.cluster.local:4318",
}


@pytest.fixture
def context(answering: list[bool]) -> testing.Context[ops.CharmBase]:
    return providers.context("tempo-coordinator-k8s")


def client(**values: str) -> testing.Relation:
    return testing.Relation("tracing", interface="tracing", id=7, remote_app_name="web", remote_app_data=values)


def state(relation: testing.Relation) -> testing.State:
    return providers.state(testing.Container("tempo", can_connect=True), relation)


def test_publishes_the_address(context: testing.Context[ops.CharmBase]):
    relation = client(receivers='["otlp_http"]')

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert after.unit_status == testing.ActiveStatus()
    assert json.loads(after.get_relation(7).local_app_data["receivers"]) == [RECEIVER]


def test_a_client_without_a_request_gets_nothing(context: testing.Context[ops.CharmBase]):
    relation = client()

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert after.unit_status == testing.ActiveStatus()
    assert not after.get_relation(7).local_app_data


@pytest.mark.parametrize(
    ("receivers", "published", "words"),
    [
        (
            '["zipkin", "otlp_http"]',
            [RECEIVER],
            "web asks to send traces by zipkin; only otlp_http is supported",
        ),
        ('["otlp_grpc"]', [], "web asks to send traces by otlp_grpc; only otlp_http is supported"),
    ],
)
def test_an_unsupported_protocol_blocks(
    context: testing.Context[ops.CharmBase], receivers: str, published: list[dict[str, Any]], words: str
):
    relation = client(receivers=receivers)

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert after.unit_status == testing.BlockedStatus(words)
    assert json.loads(after.get_relation(7).local_app_data["receivers"]) == published


@pytest.mark.parametrize("receivers", ["otlp_http", '{"otlp_http": 1}'])
def test_receivers_that_are_not_a_list_block(context: testing.Context[ops.CharmBase], receivers: str):
    relation = client(receivers=receivers)

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert after.unit_status == testing.BlockedStatus(
        f"invalid tracing relation data from web: receivers (must be a JSON list of names, not {receivers!r})"
    )


@pytest.mark.parametrize(
    ("parameters", "names"),
    [({}, ["a", "b"]), ({"service": "web"}, ["a"]), ({"limit": 1}, ["a"]), ({"service": "x"}, [])],
)
def test_the_action_lists_spans(
    context: testing.Context[ops.CharmBase],
    monkeypatch: pytest.MonkeyPatch,
    parameters: dict[str, Any],
    names: list[str],
):
    def ask(port: int, path: str) -> list[dict[str, Any]]:
        assert (port, path) == (4318, "/spans")
        return [{**SPAN, "name": "a"}, {**SPAN, "name": "b", "service": "api"}]

    monkeypatch.setattr(providers.shared(), "ask", ask)

    context.run(context.on.action("list-spans", params=parameters), state(client()))

    results = context.action_results or {}
    assert [each["name"] for each in results["spans"].values()] == names
    for each in results["spans"].values():
        assert (each["trace-id"], each["duration"], each["status"]) == ("5b8e", "2.500ms", "ok")


@pytest.mark.parametrize(
    ("requested", "shown"),
    [('["otlp_http"]', {"otlp-http": RECEIVER["url"]}), ("[]", {})],
    ids=["requested", "not requested"],
)
def test_an_action_lists_the_receivers(requested: str, shown: dict[str, str], context: testing.Context[ops.CharmBase]):
    context.run(context.on.action("list-receivers"), state(client(receivers=requested)))

    assert context.action_results == shown
