"""The built-in charm for dashboards, with a stand-in for the server."""

import base64
import json
import lzma
from pathlib import Path
from typing import Any

import ops
import providers
import pytest
from ops import testing
from paas_local.providers.traefik_k8s.charm.src import traefik_routes

SHELF = "etc/grafana/dashboards.json"


@pytest.fixture
def context(answering: list[bool]) -> testing.Context[ops.CharmBase]:
    return providers.context("grafana-k8s")


@pytest.fixture
def grafana(tmp_path: Path) -> testing.Container:
    """Build a container that keeps its dashboards between events."""
    mounts = {"etc": testing.Mount(location="/etc/grafana", source=tmp_path)}
    return testing.Container("grafana", can_connect=True, mounts=mounts)


def sending(number: int = 7, app: str = "web", **dashboards: object) -> testing.Relation:
    templates = {
        name: {"content": base64.b64encode(lzma.compress(json.dumps(dashboard).encode())).decode()}
        for name, dashboard in dashboards.items()
    }
    return testing.Relation(
        "grafana-dashboard",
        interface="grafana_dashboard",
        id=number,
        remote_app_name=app,
        remote_app_data={"dashboards": json.dumps({"templates": templates, "uuid": "1"})},
    )


def shelf(context: testing.Context[ops.CharmBase], after: testing.State) -> dict[str, Any]:
    return json.loads((after.get_container("grafana").get_filesystem(context) / SHELF).read_text())


def test_serves_the_dashboards_of_applications(context: testing.Context[ops.CharmBase], grafana: testing.Container):
    relation = sending(one={"uid": "abc", "title": "Overview"})

    after = context.run(context.on.relation_changed(relation), providers.state(grafana, relation))

    assert after.unit_status == testing.ActiveStatus()
    assert after.opened_ports == {testing.TCPPort(3000)}
    assert shelf(context, after) == {"abc": {"applications": ["web"], "dashboard": {"uid": "abc", "title": "Overview"}}}
    assert not after.get_relation(7).local_app_data


def test_an_event_that_changes_nothing_changes_nothing(
    context: testing.Context[ops.CharmBase], grafana: testing.Container, tmp_path: Path
):
    good, bad = sending(one={"uid": "abc", "title": "Overview"}), sending(3, "api", two={"uid": "def"})
    before = context.run(context.on.update_status(), providers.state(grafana, good, bad))
    written = (tmp_path / "dashboards.json").stat().st_mtime_ns

    after = context.run(context.on.update_status(), before)

    assert (after.relations, after.containers) == (before.relations, before.containers)
    assert (tmp_path / "dashboards.json").stat().st_mtime_ns == written


def test_the_dashboards_of_a_removed_relation_are_removed(
    context: testing.Context[ops.CharmBase], grafana: testing.Container
):
    relation = sending(one={"uid": "abc", "title": "Overview"})

    after = context.run(context.on.relation_broken(relation), providers.state(grafana, relation))

    assert shelf(context, after) == {}


def test_an_invalid_dashboard_is_reported_to_both_sides_and_the_others_are_served(
    context: testing.Context[ops.CharmBase], grafana: testing.Container
):
    relation = sending(good={"uid": "abc", "title": "Overview"}, bad={"uid": "def"}, worse=[])

    after = context.run(context.on.relation_changed(relation), providers.state(grafana, relation))

    assert after.unit_status == testing.BlockedStatus(
        "invalid grafana-dashboard relation data from web: bad: it has no title; worse: its content is not an object"
    )
    assert json.loads(after.get_relation(7).local_app_data["event"]) == {
        "errors": [
            {"dashboard_id": "bad", "error": "it has no title"},
            {"dashboard_id": "worse", "error": "its content is not an object"},
        ]
    }
    assert list(shelf(context, after)) == ["abc"]


def test_a_corrected_dashboard_is_reported_no_longer(
    context: testing.Context[ops.CharmBase], grafana: testing.Container
):
    relation = testing.Relation(
        "grafana-dashboard", interface="grafana_dashboard", id=7, local_app_data={"event": '{"errors": []}'}
    )

    after = context.run(context.on.relation_changed(relation), providers.state(grafana, relation))

    assert after.unit_status == testing.ActiveStatus()
    assert "event" not in after.get_relation(7).local_app_data


def test_an_invalid_databag_blocks_and_other_clients_are_served(
    context: testing.Context[ops.CharmBase], grafana: testing.Container
):
    good = sending(one={"uid": "abc", "title": "Overview"})
    bad = testing.Relation(
        "grafana-dashboard",
        interface="grafana_dashboard",
        id=3,
        remote_app_name="api",
        remote_app_data={"dashboards": "[]"},
    )

    after = context.run(context.on.relation_changed(bad), providers.state(grafana, good, bad))

    assert after.unit_status == testing.BlockedStatus(
        "invalid grafana-dashboard relation data from api: dashboards: not an object"
    )
    assert list(shelf(context, after)) == ["abc"]


def test_the_action_lists_dashboards(
    context: testing.Context[ops.CharmBase], grafana: testing.Container, monkeypatch: pytest.MonkeyPatch
):
    answers = {
        "/api/search": [{"uid": "abc", "title": "Overview", "applications": ["api", "web"]}],
        "/panels/abc": [{"title": "Requests", "type": "graph"}, {"title": "", "type": "stat"}],
    }

    def ask(port: int, path: str, *, login: tuple[str, str]) -> Any:
        assert (port, login[0]) == (3000, "admin")
        return answers[path]

    monkeypatch.setattr(providers.shared(), "ask", ask)

    context.run(context.on.action("list-dashboards"), providers.state(grafana))

    assert context.action_results == {
        "count": 1,
        "dashboards": {"1": {"title": "Overview", "uid": "abc", "application": "api, web", "panels": "Requests, stat"}},
    }


def test_an_action_shows_the_password_that_the_server_accepts(
    context: testing.Context[ops.CharmBase], grafana: testing.Container
):
    config = {"admin_user": "root", "allow_anonymous_access": False}
    before = context.run(context.on.config_changed(), providers.state(grafana, config=config))

    context.run(context.on.action("get-admin-password"), before)

    results = dict(context.action_results or {})
    environment = before.get_container("grafana").plan.services["grafana"].environment
    assert results["url"] == "http://grafana-k8s.demo.svc.cluster.local:3000"
    assert environment == {
        "PYTHONPATH": "/",
        "GRAFANA_USER": "root",
        "GRAFANA_PASSWORD": results["admin-password"],
        "GRAFANA_ANONYMOUS": "",
    }


def source(**more: Any) -> testing.Relation:
    data = {"model": "demo", "model_uuid": "c0ffee00", "application": "prometheus", "type": "prometheus"}
    fields: dict[str, Any] = {
        "remote_app_name": "prometheus",
        "remote_app_data": {"grafana_source_data": json.dumps(data)},
        "remote_units_data": {0: {"grafana_source_host": "prometheus-0:9090"}, 1: {}},
        **more,
    }
    return testing.Relation("grafana-source", interface="grafana_datasource", id=9, **fields)


def test_each_unit_of_a_source_gets_its_uid(context: testing.Context[ops.CharmBase], grafana: testing.Container):
    after = context.run(context.on.relation_changed(source()), providers.state(grafana, source()))

    answer = after.get_relation(9).local_app_data
    assert json.loads(answer["datasource_uids"]) == {"prometheus/0": "juju_demo_c0ffee00_prometheus_0"}
    assert answer["grafana_base_url"] == "http://grafana-k8s.demo.svc.cluster.local:3000"
    assert "app_datasource_uid" not in answer
    assert sources(context, after) == [
        {
            "uid": "juju_demo_c0ffee00_prometheus_0",
            "type": "prometheus",
            "url": "http://prometheus-0:9090",
            "unit": "prometheus/0",
        }
    ]


def test_an_application_can_be_one_source(context: testing.Context[ops.CharmBase], grafana: testing.Container):
    data = {**source().remote_app_data, "grafana_source_app_host": "http://prometheus/path/"}
    relation = source(remote_app_data=data, remote_units_data={0: {}})

    after = context.run(context.on.relation_changed(relation), providers.state(grafana, relation))

    assert after.get_relation(9).local_app_data["app_datasource_uid"] == "juju_demo_c0ffee00_prometheus"
    assert [each["url"] for each in sources(context, after)] == ["http://prometheus/path"]


@pytest.mark.parametrize(
    ("app", "unit", "reason"),
    [
        ({"grafana_source_data": "["}, {}, "grafana_source_data: not JSON: Expecting value: line 1 column 2 (char 1)"),
        ({"grafana_source_data": "[]"}, {}, "grafana_source_data: not an object"),
        ({"grafana_source_data": "{}"}, {}, "grafana_source_data.model: not a text"),
        ({}, {"grafana_source_host": "ftp://x"}, "grafana_source_host: not a URL"),
    ],
)
def test_an_invalid_source_blocks(
    app: dict[str, str],
    unit: dict[str, str],
    reason: str,
    context: testing.Context[ops.CharmBase],
    grafana: testing.Container,
):
    relation = source(remote_app_data={**source().remote_app_data, **app}, remote_units_data={0: unit})

    after = context.run(context.on.relation_changed(relation), providers.state(grafana, relation))

    assert after.unit_status == testing.BlockedStatus(f"invalid grafana-source relation data from prometheus: {reason}")
    assert sources(context, after) == []


def sources(context: testing.Context[ops.CharmBase], after: testing.State) -> list[dict[str, Any]]:
    file = after.get_container("grafana").get_filesystem(context) / "etc/grafana/sources.json"
    return json.loads(file.read_text())


def test_the_ingress_gives_the_server_another_url(context: testing.Context[ops.CharmBase], grafana: testing.Container):
    answer = {"scheme": "https", "external_host": "juju.example"}
    ingress = testing.Relation("ingress", interface="traefik_route", id=4, remote_app_data=answer)

    after = context.run(context.on.relation_changed(ingress), providers.state(grafana, ingress, source()))

    routers = traefik_routes.read(after.get_relation(4).local_app_data)
    assert routers
    (route,) = routers
    assert (route.prefix, route.strip, route.port) == ("/demo-grafana-k8s", True, 3000)
    assert route.hosts == ("grafana-k8s.demo.svc.cluster.local",)
    assert after.get_relation(9).local_app_data["grafana_base_url"] == "https://juju.example/demo-grafana-k8s"
