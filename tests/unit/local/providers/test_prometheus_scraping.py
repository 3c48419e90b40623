"""Scrape jobs in relation data, and the targets that follow from them."""

import json
from typing import Any

import pytest
from paas_local.providers.prometheus_k8s.charm.src import scraping

MODEL = "5c6f2f0c-3c66-4c1c-9a52-0a9a7a3f4e10"
TOPOLOGY = {
    "model": "test-model",
    "model_uuid": MODEL,
    "application": "flask-k8s",
    "unit": "flask-k8s/0",
    "charm_name": "flask-k8s",
}
LABELS = {
    "juju_model": "test-model",
    "juju_model_uuid": MODEL,
    "juju_application": "flask-k8s",
    "juju_charm": "flask-k8s",
    "job": "juju_test-model_5c6f2f0_flask-k8s_prometheus_scrape",
}
JOB: dict[str, Any] = {"metrics_path": "/metrics", "static_configs": [{"targets": ["*:9102"]}]}
UNIT = {
    "prometheus_scrape_unit_address": "10.1.2.30",
    "prometheus_scrape_unit_name": "flask-k8s/0",
    "prometheus_scrape_unit_fqdn": "flask-k8s-0.flask-k8s-endpoints.test-model.svc.cluster.local",
}
OTHER = {"prometheus_scrape_unit_fqdn": "flask-k8s-1.flask-k8s-endpoints.test-model.svc.cluster.local"}


def app(*jobs: object, **more: object) -> dict[str, str]:
    databag = {"scrape_metadata": TOPOLOGY, "scrape_jobs": list(jobs), **more}
    return {key: json.dumps(value) for key, value in databag.items()}


def targets(job: object, units: dict[str, dict[str, str]] | None = None) -> list[Any]:
    return list(scraping.read(app(job), {"flask-k8s/0": UNIT} if units is None else units).targets)


def test_every_unit_is_a_target():
    result = targets(JOB, {"flask-k8s/1": OTHER, "flask-k8s/0": UNIT, "flask-k8s/2": {}})

    first, second = f"{UNIT['prometheus_scrape_unit_address']}:9102", f"{OTHER['prometheus_scrape_unit_fqdn']}:9102"
    assert result == [
        {
            "url": f"http://{first}/metrics",
            "labels": {**LABELS, "juju_unit": "flask-k8s/0", "instance": first},
            "interval": 5,
            "timeout": 10,
        },
        {
            "url": f"http://{second}/metrics",
            "labels": {**LABELS, "juju_unit": "flask-k8s/1", "instance": second},
            "interval": 5,
            "timeout": 10,
        },
    ]


def test_a_job_sets_scheme_path_parameters_and_timing():
    job = {
        "job_name": "extra",
        "metrics_path": "/stats",
        "scheme": "https",
        "params": {"format": ["text"], "part": ["a", "b"]},
        "scrape_interval": "1m30s",
        "scrape_timeout": "500ms",
        "static_configs": [{"targets": ["db.test:9187"], "labels": {"tier": "db"}}],
    }

    assert targets(job) == [
        {
            "url": "https://db.test:9187/stats?format=text&part=a&part=b",
            "labels": {
                **LABELS,
                "job": "juju_test-model_5c6f2f0_flask-k8s_extra",
                "tier": "db",
                "instance": "db.test:9187",
            },
            "interval": 90,
            "timeout": 0.5,
        }
    ]


def test_an_ipv6_address_is_bracketed_and_the_path_of_a_unit_is_first():
    unit = {"prometheus_scrape_unit_address": "fd00::1", "prometheus_scrape_unit_path": "/prefix/"}

    (target,) = targets(JOB, {"a/0": unit})

    assert target["url"] == "http://[fd00::1]:9102/prefix/metrics"
    assert target["labels"]["juju_unit"] == "a/0"


def test_an_empty_databag_has_no_targets():
    assert scraping.read({}, {}) == scraping.Request()


def test_rules_are_passed_on():
    rule = {"alert": "Gone", "expr": "up == 0"}

    wish = scraping.read(app(alert_rules={"groups": [{"name": "g", "rules": [rule], "interval": "1m"}]}), {})

    assert wish.groups == ({"name": "g", "rules": [rule]},)


@pytest.mark.parametrize(
    ("databag", "words"),
    [
        ({"scrape_jobs": "junk"}, "scrape_jobs: not JSON: Expecting value"),
        ({"scrape_jobs": "{}"}, "scrape_jobs: not a list"),
        ({"scrape_jobs": "[1]"}, r"scrape_jobs\[0\]: not an object"),
        ({"scrape_metadata": "[]"}, "scrape_metadata: not an object"),
        ({"alert_rules": "[]"}, "alert_rules: not an object"),
        ({"alert_rules": '{"groups": [{"rules": [1]}]}'}, r"alert_rules.groups\[0\].rules\[0\]: not an object"),
        (app({"static_configs": [{"targets": "a:1"}]}), r"scrape_jobs\[0\].static_configs\[0\].targets: not a list"),
        (app({"scrape_interval": "soon"}), r"scrape_jobs\[0\].scrape_interval: 'soon' is not a duration such as 15s"),
        (app({"scrape_timeout": "0s"}), r"scrape_jobs\[0\].scrape_timeout: '0s' is not a duration"),
        (app({"scrape_timeout": 15}), r"scrape_jobs\[0\].scrape_timeout: 15 is not a duration"),
    ],
)
def test_an_invalid_databag_is_an_error_with_its_key(databag: dict[str, str], words: str):
    with pytest.raises(scraping.InvalidError, match=words):
        scraping.read(databag, {})
