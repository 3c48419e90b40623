"""The built-in charm for logs, with a stand-in for the receiver."""

import io
import json
import urllib.error
from email.message import Message
from typing import Any

import ops
import providers
import pytest
from ops import testing

HOST = "loki-k8s-0.loki-k8s-endpoints.demo.svc.cluster.local"


@pytest.fixture
def context(answering: list[bool]) -> testing.Context[ops.CharmBase]:
    return providers.context("loki-k8s")


def client(**values: str) -> testing.Relation:
    return testing.Relation("logging", interface="loki_push_api", id=7, remote_app_name="web", remote_app_data=values)


def state(relation: testing.Relation) -> testing.State:
    return providers.state(testing.Container("loki", can_connect=True), relation)


def test_publishes_the_address(context: testing.Context[ops.CharmBase]):
    relation = client()

    after = context.run(context.on.relation_changed(relation), state(relation))

    databag = after.get_relation(7).local_unit_data
    assert after.unit_status == testing.ActiveStatus()
    assert databag["public_address"] == HOST
    assert json.loads(databag["endpoint"]) == {"url": f"http://{HOST}:3100/loki/api/v1/push"}
    assert not after.get_relation(7).local_app_data


@pytest.mark.parametrize(
    ("rules", "errors"),
    [
        ("{}", ""),
        ('{"groups": []}', ""),
        ('{"groups": 1}', "alert_rules: groups is not a list"),
        ("[]", "alert_rules is not an object"),
        ("junk", "alert_rules is not JSON: Expecting value: line 1 column 1 (char 0)"),
    ],
)
def test_reports_errors_in_alert_rules(context: testing.Context[ops.CharmBase], rules: str, errors: str):
    relation = client(alert_rules=rules)

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert json.loads(after.get_relation(7).local_app_data["event"]) == {"valid": not errors, "errors": errors}


def test_the_action_lists_lines_of_all_streams(
    context: testing.Context[ops.CharmBase], monkeypatch: pytest.MonkeyPatch
):
    def ask(port: int, path: str) -> dict[str, Any]:
        assert (port, path) == (3100, "/loki/api/v1/query_range?query=%7Bjob%3D%22a%22%7D&limit=5")
        web = {"stream": {"juju_unit": "web/0", "pebble_service": "flask"}, "values": [["3", "three"], ["1", "one"]]}
        return {"data": {"result": [web, {"stream": {}, "values": [["2", "two"]]}]}}

    monkeypatch.setattr(providers.shared(), "ask", ask)

    context.run(context.on.action("list-logs", params={"labels": 'job="a"', "limit": 5}), state(client()))

    assert context.action_results == {
        "count": 3,
        "logs": {
            "1": {"time": "3", "unit": "web/0", "service": "flask", "line": "three"},
            "2": {"time": "2", "unit": "", "service": "", "line": "two"},
            "3": {"time": "1", "unit": "web/0", "service": "flask", "line": "one"},
        },
    }


def test_the_action_fails_with_the_error_of_the_server(
    context: testing.Context[ops.CharmBase], monkeypatch: pytest.MonkeyPatch
):
    def ask(port: int, path: str) -> Any:
        raise urllib.error.HTTPError(path, 400, "Bad Request", Message(), io.BytesIO(b"not understood\n"))

    monkeypatch.setattr(providers.shared(), "ask", ask)

    with pytest.raises(testing.ActionFailed) as failed:
        context.run(context.on.action("list-logs", params={"labels": "junk"}), state(client()))

    assert failed.value.message == "not understood"
