"""Tests of the databags for Prometheus, Grafana and Loki, and of log targets."""

import base64
import dataclasses
import json
import lzma
import typing

import ops
import pytest
from flask_scenario import Scenario, healthy, relation
from frameworks import BASE, FRAMEWORKS, GENERATIONS, GO, Case
from ops import testing

UUID = "5c6f2f0c-3c66-4c1c-9a52-0a9a7a3f4e10"
MODEL = testing.Model("test-model", uuid=UUID, type="kubernetes")
TOPOLOGY = {
    "model": "test-model",
    "model_uuid": UUID,
    "application": "flask-k8s",
    "unit": "flask-k8s/0",
    "charm_name": "flask-k8s",
}
LABELS = {
    "juju_model": "test-model",
    "juju_model_uuid": UUID,
    "juju_application": "flask-k8s",
    "juju_charm": "flask-k8s",
}
LOKI = "http://loki-0.loki-endpoints.cos.svc.cluster.local:3100/loki/api/v1/push"
FORWARDED: dict[str, typing.Any] = {
    "override": "replace",
    "type": "loki",
    "location": LOKI,
    "services": ["all"],
    "labels": {
        "product": "Juju",
        "charm": "flask-k8s",
        "juju_model": "test-model",
        "juju_model_uuid": UUID,
        "juju_application": "flask-k8s",
        "juju_unit": "flask-k8s/0",
        "job": "juju_test-model_5c6f2f0c_flask-k8s",
    },
}
OFF = {"override": "replace", "type": "loki", "location": "(removed)", "services": ["-all"]}
INTERFACES: dict[str, str] = {
    "metrics-endpoint": "prometheus_scrape",
    "grafana-dashboard": "grafana_dashboard",
    "logging": "loki_push_api",
}
APPS: dict[str, str] = {"metrics-endpoint": "prometheus", "grafana-dashboard": "grafana", "logging": "loki"}
ENDPOINTS = tuple(APPS)
BROKEN = {
    "grafana_dashboards/shop.json": (
        "{",
        "is not a valid dashboard: expecting property name enclosed in double quotes in line 1",
    ),
    "prometheus_alert_rules/shop.rule": (
        "alert: Slow",
        "is not a valid file of alert rules: groups.0.rules.0.expr (field required)",
    ),
    "loki_alert_rules/shop.yaml": ("groups: {", "is not a valid file of alert rules: while parsing a flow node"),
}


def observability_relation(endpoint: str, *addresses: str, **more: typing.Any) -> testing.Relation:
    """Return a relation with Prometheus, Grafana or Loki, whose units have addresses."""
    units: dict[int, dict[str, str]] = {
        number: {"endpoint": json.dumps({"url": address})} for number, address in enumerate(addresses)
    }
    arguments: dict[str, typing.Any] = {
        "interface": INTERFACES[endpoint],
        "remote_app_name": APPS[endpoint],
        "remote_units_data": units or {0: {}},
        **more,
    }
    return testing.Relation(endpoint, **arguments)


def state(scenario: Scenario, *relations: testing.RelationBase, **more: typing.Any) -> testing.State:
    base = scenario.state(model=MODEL, **more)
    return dataclasses.replace(base, relations={*base.relations, *relations})


def all_of_them() -> list[testing.Relation]:
    return [
        observability_relation("metrics-endpoint"),
        observability_relation("grafana-dashboard"),
        observability_relation("logging", LOKI),
    ]


def changed(scenario: Scenario, before: testing.State, endpoint: str) -> testing.State:
    return scenario.run(scenario.context().on.relation_changed(relation(before, endpoint), remote_unit=0), before)


def app_databag(after: testing.State, endpoint: str) -> dict[str, typing.Any]:
    return {name: json.loads(value) for name, value in relation(after, endpoint).local_app_data.items()}


def unit_databag(after: testing.State, endpoint: str) -> dict[str, str]:
    juju_s = {"egress-subnets", "ingress-address", "private-address"}
    return {name: value for name, value in relation(after, endpoint).local_unit_data.items() if name not in juju_s}


def log_targets(after: testing.State) -> dict[str, dict[str, typing.Any]]:
    (container,) = after.containers
    return {name: dict(target.to_dict()) for name, target in container.plan.log_targets.items()}


def without(before: testing.State, *endpoints: str) -> testing.State:
    kept = {each for each in before.relations if each.endpoint not in endpoints}
    return dataclasses.replace(before, relations=kept)


def dashboards(after: testing.State) -> dict[str, dict[str, typing.Any]]:
    """Return the decoded dashboards in the databag."""
    return {
        name: json.loads(lzma.decompress(base64.b64decode(template["content"])))
        for name, template in app_databag(after, "grafana-dashboard")["dashboards"]["templates"].items()
    }


def rules(after: testing.State, endpoint: str) -> dict[str, dict[str, typing.Any]]:
    groups = app_databag(after, endpoint)["alert_rules"].get("groups", [])
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def custom(scenario: Scenario, name: str, text: str | bytes) -> None:
    path = scenario.root / "charm/cos_custom" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the writes of databags, also of unchanged values."""
    writes_made: list[str] = []
    real = ops.RelationDataContent.__setitem__

    def watched(databag: ops.RelationDataContent, name: str, value: str) -> None:
        writes_made.append(name)
        real(databag, name, value)

    monkeypatch.setattr(ops.RelationDataContent, "__setitem__", watched)
    return writes_made


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
@pytest.mark.parametrize("base", GENERATIONS)
class TestEveryFramework:
    def test_prometheus_gets_the_jobs_and_addresses(self, framework: Scenario, case: Case, base: str) -> None:
        port = 9102 if case.gunicorn else 8000 if (case.service, base) == ("fastapi", "ubuntu@26.04") else 8080

        after = changed(framework, state(framework, observability_relation("metrics-endpoint")), "metrics-endpoint")

        databag = app_databag(after, "metrics-endpoint")
        assert databag["scrape_metadata"] == TOPOLOGY | {"charm_name": f"{case.service}-k8s"}
        assert databag["scrape_jobs"] == [{"metrics_path": "/metrics", "static_configs": [{"targets": [f"*:{port}"]}]}]
        assert [group["name"] for group in databag["alert_rules"]["groups"]] == [
            f"test_model_5c6f2f0c_flask_k8s_{case.service}_rules"
        ]
        assert unit_databag(after, "metrics-endpoint") == {
            "prometheus_scrape_unit_address": "192.0.2.0",
            "prometheus_scrape_unit_name": "flask-k8s/0",
            "prometheus_scrape_unit_fqdn": "flask-k8s-0.flask-k8s-endpoints.test-model.svc.cluster.local",
        }

    def test_grafana_gets_the_framework_s_dashboard(self, framework: Scenario, case: Case) -> None:
        after = changed(framework, state(framework, observability_relation("grafana-dashboard")), "grafana-dashboard")

        shown = dashboards(after)[f"file:{case.service}"]
        titles = {panel["title"] for panel in shown["panels"]}
        assert {"Request rate by unit", "Responses by status", "Duration by quantile", "Log"} <= titles
        assert shown["tags"] == ["paas", f"charm: {case.service}-k8s"]

    def test_logs_are_sent_to_loki(self, framework: Scenario, case: Case) -> None:
        after = changed(framework, state(framework, observability_relation("logging", LOKI)), "logging")

        labels = {**FORWARDED["labels"], "charm": f"{case.service}-k8s"}
        (container,) = after.containers
        assert log_targets(after) == {"loki/0": {**FORWARDED, "labels": labels}}
        assert f"{framework.container}-log-forwarding" in container.layers
        assert app_databag(after, "logging")["metadata"] == TOPOLOGY | {"charm_name": f"{case.service}-k8s"}
        assert len(app_databag(after, "logging")["alert_rules"]["groups"]) == 1

    def test_the_same_event_again_writes_nothing(self, framework: Scenario, writes: list[str]) -> None:
        settled = framework.run(framework.context().on.config_changed(), state(framework, *all_of_them()))
        settled = healthy(settled)
        writes.clear()

        for endpoint in ENDPOINTS:
            after = changed(framework, settled, endpoint)

            assert after.relations == settled.relations, endpoint
            assert after.containers == settled.containers, endpoint
        assert writes == []


def test_the_databags_of_the_contract(scenario: Scenario) -> None:
    related = (
        observability_relation("logging", LOKI),
        observability_relation("metrics-endpoint"),
        observability_relation("grafana-dashboard"),
    )
    scenario.meta["name"] = "flask-k8s"

    after = scenario.run(scenario.context().on.config_changed(), state(scenario, *related))

    metrics = relation(after, "metrics-endpoint").local_app_data
    assert json.loads(metrics["scrape_metadata"]) == TOPOLOGY
    assert metrics["scrape_jobs"] == '[{"metrics_path": "/metrics", "static_configs": [{"targets": ["*:9102"]}]}]'
    missing = rules(after, "metrics-endpoint")["FlaskTargetMissing"]
    assert missing["for"] == "2m"
    assert missing["labels"] == {"severity": "critical", **LABELS}
    only_ours = ", ".join(f'{name}="{value}"' for name, value in LABELS.items() if name != "juju_charm")
    assert missing["expr"] == f"up{{{only_ours}}} == 0"
    shown = app_databag(after, "grafana-dashboard")["dashboards"]
    template = shown["templates"]["file:flask"]
    assert set(shown) == {"templates", "uuid"}
    assert set(template) == {"charm", "content", "juju_topology", "inject_dropdowns", "dashboard_alt_uid"}
    assert (template["charm"], template["inject_dropdowns"]) == ("flask-k8s", True)
    assert template["juju_topology"] == {name: value for name, value in TOPOLOGY.items() if name != "charm_name"}
    assert json.loads(relation(after, "logging").local_app_data["metadata"]) == TOPOLOGY
    assert log_targets(after) == {"loki/0": FORWARDED}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_new_relation_gets_the_same_databags(scenario: Scenario, endpoint: str) -> None:
    before = changed(scenario, state(scenario, observability_relation(endpoint, LOKI)), endpoint)
    gone = scenario.run(scenario.context().on.relation_broken(relation(before, endpoint)), before)
    again = observability_relation(endpoint, LOKI)
    gone = without(gone, endpoint)
    gone = dataclasses.replace(gone, relations={*gone.relations, again})

    after = changed(scenario, gone, endpoint)

    assert relation(after, endpoint).local_app_data == relation(before, endpoint).local_app_data
    assert unit_databag(after, endpoint) == unit_databag(before, endpoint)
    assert log_targets(after) == log_targets(before)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_event_of_the_relation_runs_the_pass(scenario: Scenario, endpoint: str) -> None:
    related = observability_relation(endpoint, LOKI)
    on = scenario.context().on

    for event in (
        on.relation_created(related),
        on.relation_joined(related, remote_unit=0),
        on.relation_changed(related, remote_unit=0),
        on.relation_departed(related, remote_unit=1, departing_unit=1),
    ):
        after = scenario.run(event, state(scenario, related))

        assert relation(after, endpoint).local_app_data, event


def test_a_follower_writes_only_its_address(scenario: Scenario) -> None:
    key = scenario.secret()
    peers = scenario.peer(key, peers_data={0: {}})
    before = testing.State(
        leader=False,
        containers={scenario.workload()},
        relations={peers, *(dataclasses.replace(each, local_app_data={"theirs": "leader"}) for each in all_of_them())},
        secrets={dataclasses.replace(key, owner=None)},
        model=MODEL,
    )

    after = scenario.run(scenario.context_of(1).on.config_changed(), before)

    assert unit_databag(after, "metrics-endpoint")["prometheus_scrape_unit_name"] == "flask-k8s/1"
    for endpoint in ENDPOINTS:
        assert relation(after, endpoint).local_app_data == {"theirs": "leader"}
    assert not unit_databag(after, "grafana-dashboard")
    assert not unit_databag(after, "logging")


def test_all_relations_of_an_endpoint_are_written(scenario: Scenario) -> None:
    two = (
        observability_relation("metrics-endpoint"),
        observability_relation("metrics-endpoint", remote_app_name="otelcol"),
    )

    after = scenario.run(scenario.context().on.config_changed(), state(scenario, *two))

    databags = [dict(each.local_app_data) for each in after.relations if each.endpoint == "metrics-endpoint"]  # type: ignore[attr-defined]
    assert databags[0] == databags[1]
    assert databags[0]["scrape_jobs"]


def test_an_endpoint_is_found_by_its_interface(scenario: Scenario) -> None:
    scenario.meta["provides"] = {"numbers": {"interface": "prometheus_scrape"}}
    related = testing.Relation("numbers", interface="prometheus_scrape", remote_app_name="prometheus")

    after = scenario.run(scenario.context().on.relation_created(related), state(scenario, related))

    assert app_databag(after, "numbers")["scrape_metadata"] == TOPOLOGY


class TestMetrics:
    @pytest.mark.parametrize(("case", "base"), [pytest.param(GO, BASE, id="go")], indirect=["case"])
    def test_a_changed_option_is_written(self, framework: Scenario) -> None:
        settled = changed(framework, state(framework, observability_relation("metrics-endpoint")), "metrics-endpoint")
        settled = dataclasses.replace(settled, config={"metrics-port": 9464, "metrics-path": "/numbers"})

        after = framework.run(framework.context().on.config_changed(), settled)

        assert app_databag(after, "metrics-endpoint")["scrape_jobs"] == [
            {"metrics_path": "/numbers", "static_configs": [{"targets": ["*:9464"]}]}
        ]

    @pytest.mark.parametrize(("case", "base"), [pytest.param(GO, BASE, id="go")], indirect=["case"])
    def test_invalid_options_do_not_change_the_databag(self, framework: Scenario, writes: list[str]) -> None:
        settled = changed(framework, state(framework, observability_relation("metrics-endpoint")), "metrics-endpoint")
        writes.clear()

        framework.run(
            framework.context().on.config_changed(), dataclasses.replace(settled, config={"metrics-port": 70000})
        )

        assert writes == []

    @pytest.mark.parametrize(("case", "base"), [pytest.param(GO, BASE, id="go")], indirect=["case"])
    @pytest.mark.parametrize(
        ("config", "published"),
        [
            pytest.param({"app-secret-key": ""}, True, id="an option without an address"),
            pytest.param({"app-port": 0}, False, id="the port"),
        ],
    )
    def test_an_unrelated_invalid_option_does_not_keep_the_ports_back(
        self, framework: Scenario, config: dict[str, typing.Any], published: bool
    ) -> None:
        framework.meta["requires"]["ingress"] = {"interface": "ingress", "optional": True}
        ingress = testing.Relation("ingress", interface="ingress", remote_app_name="traefik")
        before = state(
            framework, ingress, observability_relation("metrics-endpoint"), config={"metrics-port": 9464, **config}
        )

        after = framework.run(framework.context().on.relation_changed(ingress), before)

        assert after.unit_status.name == "blocked"
        assert ("port" in relation(after, "ingress").local_app_data) == published
        assert ("scrape_jobs" in app_databag(after, "metrics-endpoint")) == published

    def test_the_author_s_jobs_follow_the_framework_s(self, scenario: Scenario) -> None:
        scenario.paas_config = """\
metrics-port: 9999
prometheus:
  scrape_configs:
    - job_name: celery
      metrics_path: /celery
      static_configs:
        - targets: ["*:9808", "redis.test:9121"]
          labels: {team: shop}
    - job_name: beat
      static_configs:
        - targets: ["@scheduler:9100"]
"""

        after = changed(scenario, state(scenario, observability_relation("metrics-endpoint")), "metrics-endpoint")

        assert app_databag(after, "metrics-endpoint")["scrape_jobs"] == [
            {"metrics_path": "/metrics", "static_configs": [{"targets": ["*:9999"]}]},
            {
                "job_name": "celery",
                "metrics_path": "/celery",
                "static_configs": [{"targets": ["*:9808", "redis.test:9121"], "labels": {"team": "shop"}}],
            },
            {
                "job_name": "beat",
                "metrics_path": "/metrics",
                "static_configs": [{"targets": ["flask-k8s-0.flask-k8s-endpoints.test-model.svc.cluster.local:9100"]}],
            },
        ]

    def test_the_scheduler_target_is_the_unit_that_runs_it(self, scenario: Scenario) -> None:
        scenario.paas_config = """\
prometheus:
  scrape_configs:
    - job_name: beat
      static_configs: [{targets: ["@scheduler:9100"]}]
"""
        key = scenario.secret()
        before = state(scenario, observability_relation("metrics-endpoint"))
        peers = scenario.peer(key, peers_data={3: {}, 7: {}})
        before = dataclasses.replace(without(before, "secret-storage"), secrets={key}, planned_units=3)
        before = dataclasses.replace(before, relations={*before.relations, peers})

        after = scenario.run(scenario.context_of(5).on.config_changed(), before)

        assert app_databag(after, "metrics-endpoint")["scrape_jobs"][1]["static_configs"] == [
            {"targets": ["flask-k8s-3.flask-k8s-endpoints.test-model.svc.cluster.local:9100"]}
        ]


class TestLogs:
    def test_a_loki_unit_without_an_address_is_skipped(self, scenario: Scenario) -> None:
        related = observability_relation("logging", LOKI, remote_units_data={0: {}})

        after = changed(scenario, state(scenario, related), "logging")

        assert log_targets(after) == {}
        assert after.unit_status == testing.ActiveStatus()

    def test_logs_are_not_sent_to_a_removed_unit(self, scenario: Scenario) -> None:
        before = changed(
            scenario, state(scenario, observability_relation("logging", LOKI, "http://loki-1:3100/push")), "logging"
        )
        assert set(log_targets(before)) == {"loki/0", "loki/1"}
        left = dataclasses.replace(
            relation(before, "logging"), remote_units_data={0: {"endpoint": json.dumps({"url": LOKI})}}
        )
        smaller = without(before, "logging")
        smaller = dataclasses.replace(smaller, relations={*smaller.relations, left})

        after = scenario.run(scenario.context().on.relation_departed(left, remote_unit=1, departing_unit=1), smaller)

        assert log_targets(after) == {"loki/0": FORWARDED, "loki/1": OFF}

    def test_logs_are_not_sent_to_the_last_removed_unit(self, scenario: Scenario) -> None:
        before = changed(scenario, state(scenario, observability_relation("logging", LOKI)), "logging")

        after = scenario.run(scenario.context().on.relation_broken(relation(before, "logging")), before)

        assert log_targets(after) == {"loki/0": OFF}

    def test_missed_changes_are_applied_when_pebble_returns(self, scenario: Scenario) -> None:
        before = changed(scenario, state(scenario, observability_relation("logging", LOKI)), "logging")

        after = scenario.run(scenario.context().on.update_status(), without(before, "logging"))
        settled = scenario.run(scenario.context().on.update_status(), healthy(after))

        assert log_targets(after) == {"loki/0": OFF}
        assert settled.containers == healthy(after).containers

    def test_a_changed_address_is_applied(self, scenario: Scenario) -> None:
        before = changed(
            scenario, state(scenario, observability_relation("logging", "http://old:3100/push")), "logging"
        )
        moved = dataclasses.replace(
            relation(before, "logging"), remote_units_data={0: {"endpoint": json.dumps({"url": LOKI})}}
        )
        remaining = without(before, "logging")

        after = changed(scenario, dataclasses.replace(remaining, relations={*remaining.relations, moved}), "logging")

        assert log_targets(after) == {"loki/0": FORWARDED}

    def test_a_log_target_of_the_image_is_not_changed(self, scenario: Scenario) -> None:
        own: typing.Any = {"override": "replace", "type": "syslog", "location": "tcp://logs:514", "services": ["all"]}
        image = ops.pebble.Layer({"services": scenario.image, "log-targets": {"syslog": own}})  # type: ignore[typeddict-item]
        related = state(
            scenario, observability_relation("logging", LOKI), containers={scenario.workload(layers={"image": image})}
        )
        before = changed(scenario, related, "logging")

        after = scenario.run(scenario.context().on.relation_broken(relation(before, "logging")), before)

        assert log_targets(before) == {"loki/0": FORWARDED, "syslog": own}
        assert log_targets(after) == {"loki/0": OFF, "syslog": own}

    def test_nothing_restarts(self, scenario: Scenario) -> None:
        settled = healthy(scenario.run(scenario.context().on.config_changed(), state(scenario)))
        related = dataclasses.replace(settled, relations={*settled.relations, observability_relation("logging", LOKI)})
        scenario.context().exec_history.clear()

        after = changed(scenario, related, "logging")

        (container,) = after.containers
        (before,) = settled.containers
        assert log_targets(after) == {"loki/0": FORWARDED}
        assert container.plan.services == before.plan.services
        assert not scenario.context().exec_history.get(scenario.container)

    @pytest.mark.parametrize(
        ("written", "words"),
        [
            ("no json", "endpoint (invalid JSON: "),
            ("[]", "endpoint (input should be a mapping of keys to values)"),
            ('{"uri": "http://loki"}', "endpoint.url (field required)"),
            ('{"url": "loki"}', "endpoint.url (must be a URL)"),
        ],
    )
    def test_an_invalid_address_is_reported(self, scenario: Scenario, written: str, words: str) -> None:
        related = observability_relation(
            "logging", remote_units_data={0: {"endpoint": written}, 1: {"endpoint": json.dumps({"url": LOKI})}}
        )

        after = changed(scenario, state(scenario, related), "logging")

        (container,) = after.containers
        assert after.unit_status.name == "blocked"
        assert after.unit_status.message.startswith(f"Invalid logging relation data from loki/0: {words}")
        assert container.service_statuses["flask"] == ops.pebble.ServiceStatus.ACTIVE
        assert log_targets(after) == {"loki/1": FORWARDED}

    def test_an_older_juju_is_reported(self, scenario: Scenario) -> None:
        scenario.juju = "3.3.7"

        after = changed(scenario, state(scenario, observability_relation("logging", LOKI)), "logging")

        assert after.unit_status == testing.BlockedStatus(
            "integration logging needs Juju 3.4 or newer, and this is 3.3.7: no logs are forwarded "
            "(upgrade Juju, or juju remove-relation flask-k8s:logging loki)"
        )
        assert log_targets(after) == {}
        (container,) = after.containers
        assert container.service_statuses["flask"] == ops.pebble.ServiceStatus.ACTIVE


class TestTheAuthorsFiles:
    def test_custom_files_are_added_to_the_framework_s(self, scenario: Scenario) -> None:
        custom(scenario, "grafana_dashboards/flask.json", '{"title": "Shop", "tags": ["charm: other"], "panels": []}')
        custom(scenario, "prometheus_alert_rules/slow.rule", "alert: Slow\nexpr: shop_wait{%%juju_topology%%} > 1\n")
        custom(
            scenario,
            "loki_alert_rules/shop.yaml",
            "groups: [{name: sales, rules: [{alert: Refund, expr: vector(1), labels: {juju_model: mine}}]}]",
        )

        after = scenario.run(scenario.context().on.config_changed(), state(scenario, *all_of_them()))

        shown = dashboards(after)
        assert set(shown) == {"file:flask", "file:custom_flask"}
        assert (shown["file:custom_flask"]["title"], shown["file:custom_flask"]["tags"]) == ("Shop", ["charm: other"])
        assert shown["file:flask"]["uid"] != shown["file:custom_flask"]["uid"]
        assert rules(after, "metrics-endpoint")["Slow"]["expr"].startswith('shop_wait{juju_model="test-model", ')
        assert rules(after, "logging")["Refund"]["labels"] == LABELS | {"juju_model": "mine"}
        names = [group["name"] for group in app_databag(after, "logging")["alert_rules"]["groups"]]
        assert names == [
            "test_model_5c6f2f0c_flask_k8s_flask_rules",
            "test_model_5c6f2f0c_flask_k8s_custom_shop_sales_rules",
        ]
        assert after.unit_status == testing.ActiveStatus()

    @pytest.mark.parametrize("name", BROKEN)
    def test_an_invalid_file_is_named_and_the_others_are_sent(self, scenario: Scenario, name: str) -> None:
        text, words = BROKEN[name]
        custom(scenario, name, text)

        after = scenario.run(scenario.context().on.config_changed(), state(scenario, *all_of_them()))

        (container,) = after.containers
        assert isinstance(after.unit_status, testing.BlockedStatus)
        assert after.unit_status.message.startswith(f"cos_custom/{name} {words}")
        assert container.service_statuses["flask"] == ops.pebble.ServiceStatus.ACTIVE
        assert list(dashboards(after)) == ["file:flask"]
        assert "FlaskTargetMissing" in rules(after, "metrics-endpoint")
        assert "FlaskTracebacksInLog" in rules(after, "logging")

    def test_a_fixed_file_makes_the_unit_active(self, scenario: Scenario) -> None:
        custom(scenario, "grafana_dashboards/shop.json", "{")
        before = scenario.run(
            scenario.context().on.config_changed(), state(scenario, observability_relation("grafana-dashboard"))
        )
        custom(scenario, "grafana_dashboards/shop.json", "{}")

        after = scenario.run(scenario.context().on.upgrade_charm(), healthy(before))

        assert before.unit_status.name == "blocked"
        assert after.unit_status == testing.ActiveStatus()
        assert set(dashboards(after)) == {"file:flask", "file:custom_shop"}

    @pytest.mark.parametrize("endpoint", [None, *ENDPOINTS])
    def test_an_invalid_file_is_ignored_without_the_relation(self, scenario: Scenario, endpoint: str | None) -> None:
        for name, (text, _) in BROKEN.items():
            if not (endpoint and name.startswith(APPS[endpoint])):
                custom(scenario, name, text)
        related = [observability_relation(endpoint, LOKI)] if endpoint else []

        after = scenario.run(scenario.context().on.config_changed(), state(scenario, *related))

        assert after.unit_status == testing.ActiveStatus()

    @pytest.mark.parametrize("name", ["notes.txt", "dashboards/shop.json"])
    def test_a_file_in_a_wrong_folder_is_reported(self, scenario: Scenario, name: str) -> None:
        custom(scenario, name, "{}")

        after = scenario.run(
            scenario.context().on.config_changed(), state(scenario, observability_relation("grafana-dashboard"))
        )

        assert after.unit_status == testing.BlockedStatus(
            f"cos_custom/{name.partition('/')[0]} is not read "
            "(cos_custom may have grafana_dashboards, loki_alert_rules, prometheus_alert_rules)"
        )
        assert list(dashboards(after)) == ["file:flask"]

    def test_other_reasons_are_reported_too(self, scenario: Scenario) -> None:
        custom(scenario, "grafana_dashboards/shop.json", b"\xff")
        scenario.image = {"other": {"override": "replace", "command": "other"}}

        after = scenario.run(
            scenario.context().on.config_changed(), state(scenario, observability_relation("grafana-dashboard"))
        )

        assert "the image has no service flask" in after.unit_status.message
        assert (
            "cos_custom/grafana_dashboards/shop.json is not a valid dashboard: it is not UTF-8"
            in after.unit_status.message
        )
