"""The built-in charm for traces, with a receiver that only answers."""

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


def client(**asked: str) -> testing.Relation:
    return testing.Relation("tracing", interface="tracing", id=7, remote_app_name="web", remote_app_data=asked)


def state(relation: testing.Relation) -> testing.State:
    return providers.state(testing.Container("tempo", can_connect=True), relation)


def test_tells_where_to_send(context: testing.Context[ops.CharmBase]):
    relation = client(receivers='["otlp_http"]')

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert after.unit_status == testing.ActiveStatus()
    assert json.loads(after.get_relation(7).local_app_data["receivers"]) == [RECEIVER]


def test_tells_nothing_before_it_is_asked(context: testing.Context[ops.CharmBase]):
    relation = client()

    after = context.run(context.on.relation_created(relation), state(relation))

    assert after.unit_status == testing.UnknownStatus()
    assert not after.get_relation(7).local_app_data


@pytest.mark.parametrize(
    ("asked", "told", "words"),
    [
        (
            '["zipkin", "otlp_http"]',
            [RECEIVER],
            "web asks to send traces by zipkin; only otlp_http is received here",
        ),
        ('["otlp_grpc"]', [], "web asks to send traces by otlp_grpc; only otlp_http is received here"),
    ],
)
def test_tells_what_cannot_be_received(
    context: testing.Context[ops.CharmBase], asked: str, told: list[dict[str, Any]], words: str
):
    relation = client(receivers=asked)

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert after.unit_status == testing.BlockedStatus(words)
    assert json.loads(after.get_relation(7).local_app_data["receivers"]) == told


@pytest.mark.parametrize("asked", ["otlp_http", '{"otlp_http": 1}'])
def test_a_question_that_is_no_list_blocks(context: testing.Context[ops.CharmBase], asked: str):
    relation = client(receivers=asked)

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert after.unit_status == testing.BlockedStatus(
        f"web asks for receivers that are no JSON list of names: {asked!r}"
    )


@pytest.mark.parametrize(
    ("asked", "names"), [({}, ["a", "b"]), ({"service": "web"}, ["a"]), ({"limit": 1}, ["a"]), ({"service": "x"}, [])]
)
def test_the_action_lists_spans(
    context: testing.Context[ops.CharmBase], monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], names: list[str]
):
    def ask(port: int, path: str) -> list[dict[str, Any]]:
        assert (port, path) == (4318, "/spans")
        return [{**SPAN, "name": "a"}, {**SPAN, "name": "b", "service": "api"}]

    monkeypatch.setattr(providers.shared(), "ask", ask)

    context.run(context.on.action("list-spans", params=asked), state(client()))

    results = context.action_results or {}
    assert [each["name"] for each in results["spans"].values()] == names
    for each in results["spans"].values():
        assert (each["trace-id"], each["duration"], each["status"]) == ("5b8e", "2.500ms", "ok")
