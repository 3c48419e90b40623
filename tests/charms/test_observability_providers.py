"""The databags that Loki, Prometheus, Grafana and Traefik write for each other, with the keys of the real libraries.

The keys, and the requests and answers of the real libraries, were recorded in November 2026: ``ingress_per_unit`` 1.23,
``traefik_route`` 0.7, ``grafana_source`` 0.29.
"""

import base64
import json
import lzma
from typing import Any

import ops
import providers
import pytest
from ops import testing
from paas_local.providers.prometheus_k8s.charm.src import scraping
from paas_local.providers.traefik_k8s.charm.src import routes

pytestmark = pytest.mark.usefixtures("answering")
CONTAINERS = {"grafana-k8s": "grafana", "loki-k8s": "loki", "prometheus-k8s": "prometheus", "traefik-k8s": "traefik"}
PORTS = {"grafana-k8s": 3000, "loki-k8s": 3100, "prometheus-k8s": 9090, "traefik-k8s": 8082}
KEYS = {
    "prometheus_scrape": (
        {"alert_rules", "scrape_jobs", "scrape_metadata"},
        {"prometheus_scrape_unit_address", "prometheus_scrape_unit_fqdn", "prometheus_scrape_unit_name"},
    ),
    "grafana_datasource": ({"grafana_source_data"}, {"grafana_source_host"}),
    "grafana_dashboard": ({"dashboards"}, set[str]()),
    "ingress_per_unit": (set[str](), {"host", "mode", "model", "name", "port", "scheme", "strip-prefix"}),
}
"""Interface → keys of the application databag, and of the unit databag without Juju's own."""


UNIT_INGRESS = {
    "model": "demo",
    "name": "other/0",
    "host": "other-0.local",
    "port": "3100",
    "mode": "http",
    "scheme": "http",
    "strip-prefix": "true",
}
ROUTE = {
    "raw": "False",
    "config": (
        "http:\n  routers:\n    a:\n      entryPoints:\n      - web\n      rule: PathPrefix(`/demo-other`)\n"
        "      service: s\n  services:\n    s:\n      loadBalancer:\n        servers:\n        - url: http://h:3000\n"
    ),
}
SOURCE = {
    "grafana_source_data": (
        '{"model": "demo", "model_uuid": "c0ffee00", "application": "other", "type": "prometheus", '
        '"extra_fields": null, "secure_extra_fields": null}'
    )
}


@pytest.mark.parametrize(
    ("charm", "endpoint", "app", "unit", "answer"),
    [
        (
            "traefik-k8s",
            "ingress-per-unit",
            {},
            UNIT_INGRESS,
            {"ingress": "other/0:\n  url: http://juju.example/demo-other-0\n"},
        ),
        ("traefik-k8s", "traefik-route", ROUTE, {}, {"external_host": "juju.example", "scheme": "http"}),
        (
            "grafana-k8s",
            "grafana-source",
            SOURCE,
            {"grafana_source_host": "http://other-0:9090"},
            {
                "datasource_uids": '{"other/0": "juju_demo_c0ffee00_other_0"}',
                "grafana_base_url": "http://grafana-k8s.demo.svc.cluster.local:3000",
                "grafana_uid": "juju_demo_c0ffee00-0000-4000-8000-000000000000_grafana-k8s_0",
            },
        ),
    ],
)
def test_a_request_of_the_real_library_has_the_answer_that_the_real_library_reads(
    charm: str, endpoint: str, app: dict[str, str], unit: dict[str, str], answer: dict[str, str]
):
    relation = testing.Relation(
        endpoint, id=7, remote_app_name="other", remote_app_data=app, remote_units_data={0: unit}
    )
    config = {"external_hostname": "juju.example"} if charm == "traefik-k8s" else {}
    model = testing.Model("demo", type="kubernetes", uuid="c0ffee00-0000-4000-8000-000000000000")
    container = testing.Container(CONTAINERS[charm], can_connect=True)
    context: testing.Context[ops.CharmBase] = providers.context(charm)

    after = context.run(
        context.on.relation_changed(relation, remote_unit=0),
        providers.state(container, relation, config=config, model=model),
    )

    assert after.get_relation(7).local_app_data == answer


def written(charm: str, endpoint: str) -> testing.Relation:
    """Relate a charm to another application; return the relation with what the charm has written."""
    meta = providers.metadata(charm)
    interface = {**meta.get("provides", {}), **meta.get("requires", {})}[endpoint]["interface"]
    relation = testing.Relation(endpoint, interface=interface, id=7, remote_app_name="other")
    context: testing.Context[ops.CharmBase] = providers.context(charm)
    container = testing.Container(CONTAINERS[charm], can_connect=True)

    before = context.run(context.on.relation_changed(relation), providers.state(container, relation))
    after = context.run(context.on.update_status(), before)

    waiting = testing.WaitingStatus("waiting for other to provide a URL")
    assert after.unit_status == (waiting if endpoint == "ingress" else testing.ActiveStatus())
    assert after.relations == before.relations
    answer = after.get_relation(7)
    assert isinstance(answer, testing.Relation)
    return answer


def own(databag: Any) -> dict[str, str]:
    juju = {"egress-subnets", "ingress-address", "private-address"}
    return {key: value for key, value in databag.items() if key not in juju}


@pytest.mark.parametrize(
    ("charm", "endpoint"),
    [
        ("grafana-k8s", "metrics-endpoint"),
        ("traefik-k8s", "metrics-endpoint"),
        *(
            (charm, name)
            for charm in ("loki-k8s", "prometheus-k8s")
            for name in ("grafana-source", "grafana-dashboard")
        ),
        ("loki-k8s", "metrics-endpoint"),
        ("prometheus-k8s", "self-metrics-endpoint"),
        ("loki-k8s", "ingress"),
        ("prometheus-k8s", "ingress"),
    ],
)
def test_a_databag_has_the_keys_of_the_real_library(charm: str, endpoint: str):
    relation = written(charm, endpoint)

    assert ({*own(relation.local_app_data)}, {*own(relation.local_unit_data)}) == KEYS[str(relation.interface)]


@pytest.mark.parametrize(
    ("charm", "endpoint"),
    [
        ("grafana-k8s", "metrics-endpoint"),
        ("loki-k8s", "metrics-endpoint"),
        ("prometheus-k8s", "self-metrics-endpoint"),
        ("traefik-k8s", "metrics-endpoint"),
    ],
)
def test_prometheus_scrapes_each_charm(charm: str, endpoint: str):
    relation = written(charm, endpoint)

    (target,) = scraping.read(relation.local_app_data, {f"{charm}/0": relation.local_unit_data}).targets
    assert target["url"] == f"http://192.0.2.0:{PORTS[charm]}/metrics"
    assert target["labels"]["juju_unit"] == f"{charm}/0"
    assert target["labels"]["juju_application"] == charm


@pytest.mark.parametrize(("charm", "kind"), [("loki-k8s", "loki"), ("prometheus-k8s", "prometheus")])
def test_grafana_reads_the_source(charm: str, kind: str):
    relation = written(charm, "grafana-source")

    assert json.loads(relation.local_app_data["grafana_source_data"])["type"] == kind
    url = f"http://{charm}-0.{charm}-endpoints.demo.svc.cluster.local:{PORTS[charm]}"
    assert relation.local_unit_data["grafana_source_host"] == url


@pytest.mark.parametrize(("charm", "title"), [("loki-k8s", "Loki"), ("prometheus-k8s", "Prometheus")])
def test_grafana_reads_the_dashboard(charm: str, title: str):
    relation = written(charm, "grafana-dashboard")

    (template,) = json.loads(relation.local_app_data["dashboards"])["templates"].values()
    dashboard = json.loads(lzma.decompress(base64.b64decode(template["content"])))
    assert (dashboard["title"], len(dashboard["uid"])) == (title, 40)
    assert dashboard["panels"]


@pytest.mark.parametrize(
    ("charm", "interface", "answer"),
    [
        ("loki-k8s", "ingress_per_unit", {"ingress": "loki-k8s/0:\n  url: http://juju.example/demo-loki-k8s-0\n"}),
        ("grafana-k8s", "traefik_route", {"external_host": "juju.example", "scheme": "http"}),
    ],
)
def test_a_unit_is_active_once_its_ingress_has_answered(charm: str, interface: str, answer: dict[str, str]):
    ingress = testing.Relation("ingress", interface=interface, id=7, remote_app_name="traefik", remote_app_data=answer)
    context: testing.Context[ops.CharmBase] = providers.context(charm)

    after = context.run(
        context.on.relation_changed(ingress),
        providers.state(testing.Container(CONTAINERS[charm], can_connect=True), ingress),
    )

    assert after.unit_status == testing.ActiveStatus()


@pytest.mark.parametrize("charm", ["loki-k8s", "prometheus-k8s"])
def test_traefik_reads_the_request_of_a_unit(charm: str):
    relation = written(charm, "ingress")

    name, route = routes.read_unit(relation.local_unit_data) or ("", None)
    assert route
    assert (name, route.prefix, route.port) == (f"{charm}/0", f"/demo-{charm}-0", PORTS[charm])
    assert route.hosts == (f"{charm}-0.{charm}-endpoints.demo.svc.cluster.local",)
