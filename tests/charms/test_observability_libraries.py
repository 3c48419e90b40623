"""Tests of the observability databags with the provider libraries of Prometheus, Grafana and Loki."""

import importlib
import json
import typing

import cosl
import cosl.rules
import ops
import pytest
from flask_scenario import Scenario, relation
from frameworks import FRAMEWORKS, Case
from ops import testing
from paas_common.observability import rules
from paas_common.values import facts
from test_observability import LABELS, LOKI, MODEL, UUID, custom, log_targets, observability_relation, state


class _Reader(ops.CharmBase):
    """A charm with the library of the other side."""

    library: typing.ClassVar[str]
    name: typing.ClassVar[str]

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        reader: typing.Any = getattr(importlib.import_module(self.library), self.name)
        self.reader: typing.Any = reader(self, self.endpoint())

    @classmethod
    def endpoint(cls) -> str:
        return next(iter(cls.meta_of().get("requires") or cls.meta_of()["provides"]))

    @classmethod
    def meta_of(cls) -> dict[str, typing.Any]:
        raise NotImplementedError

    @property
    def peers(self) -> ops.Relation | None:
        """The peer relation in which Grafana's library stores dashboards."""
        return self.model.get_relation("grafana")


class Prometheus(_Reader):
    library = "charms.prometheus_k8s.v0.prometheus_scrape"
    name = "MetricsEndpointConsumer"

    @classmethod
    def meta_of(cls) -> dict[str, typing.Any]:
        return {"name": "prometheus", "requires": {"metrics-endpoint": {"interface": "prometheus_scrape"}}}


class Grafana(_Reader):
    library = "charms.grafana_k8s.v0.grafana_dashboard"
    name = "GrafanaDashboardConsumer"

    @classmethod
    def meta_of(cls) -> dict[str, typing.Any]:
        return {
            "name": "grafana",
            "requires": {"grafana-dashboard": {"interface": "grafana_dashboard"}},
            "peers": {"grafana": {"interface": "grafana_peers"}},
        }


class Loki(_Reader):
    library = "charms.loki_k8s.v1.loki_push_api"
    name = "LokiPushApiProvider"

    @classmethod
    def meta_of(cls) -> dict[str, typing.Any]:
        return {"name": "loki", "provides": {"logging": {"interface": "loki_push_api"}}}


def written(scenario: Scenario, *relations: testing.Relation) -> testing.State:
    return scenario.run(scenario.context().on.config_changed(), state(scenario, *relations))


def read(
    charm: type[_Reader], ours: testing.State, look: typing.Callable[[typing.Any], object]
) -> tuple[typing.Any, testing.State]:
    """Copy the databags to the other side, and run its charm."""
    written = relation(ours, charm.endpoint())
    theirs = testing.Relation(
        charm.endpoint(),
        interface=written.interface,
        remote_app_name="flask-k8s",
        remote_app_data=dict(written.local_app_data),
        remote_units_data={0: dict(written.local_unit_data)},
    )
    context = testing.Context(charm, meta=charm.meta_of(), juju_version="3.6.11")
    peers = {testing.PeerRelation("grafana")} if charm is Grafana else set[testing.RelationBase]()
    before = testing.State(leader=True, relations={theirs, *peers}, model=testing.Model("cos", type="kubernetes"))
    with context(context.on.relation_changed(theirs, remote_unit=0), before) as manager:
        after = manager.run()
        return look(manager.charm.reader), after


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_prometheus_scrapes_each_unit(framework: Scenario, case: Case) -> None:
    port = 9102 if case.gunicorn else 8080

    jobs, _ = read(
        Prometheus, written(framework, observability_relation("metrics-endpoint")), lambda library: library.jobs()
    )

    (job,) = jobs
    assert job["metrics_path"] == "/metrics"
    assert job["static_configs"] == [
        {
            "targets": [f"192.0.2.0:{port}"],
            "labels": {**LABELS, "juju_charm": f"{case.service}-k8s", "juju_unit": "flask-k8s/0"},
        }
    ]


def test_prometheus_scrapes_the_author_s_jobs(scenario: Scenario) -> None:
    scenario.paas_config = """\
prometheus:
  scrape_configs:
    - job_name: celery
      static_configs: [{targets: ["*:9808"], labels: {team: shop}}]
    - job_name: beat
      static_configs: [{targets: ["@scheduler:9100"]}]
"""

    jobs, _ = read(
        Prometheus, written(scenario, observability_relation("metrics-endpoint")), lambda library: library.jobs()
    )

    targets = {job["job_name"].rpartition("scrape")[2]: job["static_configs"][0] for job in jobs}
    assert targets["_celery-0"]["targets"] == ["192.0.2.0:9808"]
    assert targets["_celery-0"]["labels"]["team"] == "shop"
    assert targets["_beat"]["targets"] == ["flask-k8s-0.flask-k8s-endpoints.test-model.svc.cluster.local:9100"]


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_prometheus_and_loki_accept_the_alert_rules(framework: Scenario, case: Case) -> None:
    ours = written(framework, observability_relation("metrics-endpoint"), observability_relation("logging", LOKI))

    for charm in (Prometheus, Loki):
        alerts, _ = read(charm, ours, lambda library: library.alerts)

        (groups,) = alerts.values()
        assert groups["groups"][0]["name"] == f"test_model_5c6f2f0c_flask_k8s_{case.service}_rules"


def test_log_targets_match_the_library_s(scenario: Scenario) -> None:
    ours = written(scenario, observability_relation("logging"))
    _, loki = read(Loki, ours, lambda library: library)
    address = relation(loki, "logging").local_unit_data["endpoint"]

    after = written(scenario, observability_relation("logging", remote_units_data={0: {"endpoint": address}}))

    assert log_targets(after)["loki/0"]["location"] == json.loads(address)["url"]


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_grafana_accepts_the_dashboards(framework: Scenario, case: Case) -> None:
    custom(framework, "grafana_dashboards/shop.json", '{"title": "Shop", "panels": []}')

    shown, grafana = read(
        Grafana, written(framework, observability_relation("grafana-dashboard")), lambda library: library.dashboards
    )

    assert "event" not in relation(grafana, "grafana-dashboard").local_app_data  # errors that the library reports
    contents = {each["id"]: json.loads(each["content"]) for each in shown}
    assert set(contents) == {f"file:{case.service}", "file:custom_shop"}
    own = contents[f"file:{case.service}"]
    assert {variable["name"] for variable in own["templating"]["list"]} == {
        "juju_model", "juju_model_uuid", "juju_application", "juju_unit", "prometheusds", "lokids",
    }  # fmt: skip
    sources = {panel["title"]: panel["datasource"]["uid"] for panel in own["panels"]}
    assert sources.pop("Log") == "${lokids}"
    assert set(sources.values()) == {"${prometheusds}"}
    assert cosl.DashboardPath40UID.is_valid(own["uid"])


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
@pytest.mark.parametrize("folder", ["prometheus_alert_rules", "loki_alert_rules"])
def test_rule_groups_and_labels_match_cosl(case: Case, folder: str) -> None:
    packaged = case.charm.spec.cos
    assert packaged
    me = facts.Identity(
        app="flask-k8s", unit="flask-k8s/0", model=MODEL.name, leader=True, model_uuid=UUID, charm="flask-k8s"
    )
    topology = cosl.JujuTopology(MODEL.name, UUID, "flask-k8s", "flask-k8s/0", "flask-k8s")
    theirs = cosl.rules.Rules("promql" if folder.startswith("p") else "logql", topology)
    theirs.add_path(packaged / folder)

    ours, problems = rules.merged(
        me, {f"cos/{folder}/{file.name}": file.read_text() for file in packaged.joinpath(folder).iterdir()}
    )

    assert problems == ()
    assert _but_expressions(ours) == _but_expressions(theirs.as_dict())


def _but_expressions(groups: dict[str, typing.Any]) -> list[object]:
    """Remove the expressions, which the library fills in with a program that the charms do not have."""
    return [{**group, "rules": [{**rule, "expr": ""} for rule in group["rules"]]} for group in groups["groups"]]
