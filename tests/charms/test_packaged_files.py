"""Tests of the dashboards and alert rules in the wheels of the frameworks."""

import collections.abc
import json
import pathlib
import re
import typing

import promql_parser
import pytest
import yaml
from frameworks import DJANGO, FASTAPI, FLASK, FRAMEWORKS, GO, Case
from paas_local.build.frameworks import gunicorn

TOPOLOGY = "%%juju_topology%%"
GRAFANA_S = 'juju_model=~"$juju_model", juju_model_uuid=~"$juju_model_uuid", juju_application=~"$juju_application"'


def files(case: Case, folder: str) -> list[pathlib.Path]:
    root = case.charm.spec.cos
    assert root
    paths = [path for path in root.joinpath(folder).iterdir() if path.is_file()]
    assert paths
    return paths


def panels(case: Case) -> collections.abc.Iterator[dict[str, typing.Any]]:
    for file in files(case, "grafana_dashboards"):
        yield from json.loads(file.read_text())["panels"]


def shown(case: Case, source: str) -> list[str]:
    """Return the queries of the dashboards for one type of data source."""
    return [t["expr"] for panel in panels(case) for t in panel["targets"] if t["datasource"]["type"] == source]


def alerts(case: Case, folder: str) -> list[dict[str, typing.Any]]:
    texts = [yaml.safe_load(file.read_text()) for file in files(case, folder)]
    return [rule for text in texts for group in text["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_every_query_is_valid_promql(case: Case) -> None:
    queries = [
        *(query.replace("$__rate_interval", "5m") for query in shown(case, "prometheus")),
        *(rule["expr"].replace(TOPOLOGY, 'a="b"') for rule in alerts(case, "prometheus_alert_rules")),
    ]

    for query in queries:
        assert promql_parser.parse(query), query


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_every_dashboard_has_a_version(case: Case) -> None:
    """Of several revisions of a dashboard, Grafana keeps the one with the highest version."""
    for file in files(case, "grafana_dashboards"):
        version = json.loads(file.read_text()).get("version")
        assert isinstance(version, int), file
        assert version > 0, file


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_every_query_selects_only_the_application(case: Case) -> None:
    for query in (*shown(case, "prometheus"), *shown(case, "loki")):
        assert query.count("{") == query.count(GRAFANA_S), query
    for rule in (*alerts(case, "prometheus_alert_rules"), *alerts(case, "loki_alert_rules")):
        assert rule["expr"].count("{") == rule["expr"].count(f"{{{TOPOLOGY}"), rule


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_every_log_query_has_a_matcher_that_is_never_empty(case: Case) -> None:
    # Loki rejects a selector whose matchers all match the empty text, as Grafana's All does.
    for query in shown(case, "loki"):
        assert query.startswith('{product="Juju", ')


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_panels_do_not_overlap(case: Case) -> None:
    places = [
        (column, row)
        for panel in panels(case)
        for column in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for row in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]

    assert len(places) == len(set(places))
    assert max(column for column, _ in places) < 24


@pytest.mark.parametrize("case", FRAMEWORKS, indirect=True)
def test_an_alert_names_its_application(case: Case) -> None:
    for rule in (*alerts(case, "prometheus_alert_rules"), *alerts(case, "loki_alert_rules")):
        assert rule["alert"].lower().startswith(case.service)
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert {"summary", "description"} == set(rule["annotations"])


@pytest.mark.parametrize("case", [pytest.param(case, id=case.service) for case in (FLASK, DJANGO)], indirect=True)
def test_the_image_exports_the_metrics_in_the_queries(case: Case) -> None:
    mapped = {rule["name"] for rule in json.loads(gunicorn.statsd_mapping(case.service))["mappings"]}
    duration = f"{case.service}_request_duration"
    queries = [*shown(case, "prometheus"), *(rule["expr"] for rule in alerts(case, "prometheus_alert_rules"))]

    metrics = {name for query in queries for name in re.findall(rf"\b{case.service}_\w+", query)}

    assert mapped <= metrics
    assert metrics <= mapped | {f"{duration}_sum", f"{duration}_count"}


@pytest.mark.parametrize("case", [pytest.param(case, id=case.service) for case in (FASTAPI, GO)], indirect=True)
def test_an_application_without_metrics_raises_no_alert(case: Case) -> None:
    (rule,) = [rule for rule in alerts(case, "prometheus_alert_rules") if rule["expr"].startswith("up")]

    assert "max_over_time(up{%%juju_topology%%}[1d]) == 1" in rule["expr"]
