"""The built-in charm for metrics, with a stand-in for the scraper."""

import json
from typing import Any

import ops
import providers
import pytest
from ops import testing

CONFIG = "/prometheus/config.json"
JOBS = '[{"static_configs": [{"targets": ["*:9102"]}]}]'
RULES = '{"groups": [{"name": "g", "rules": [{"alert": "Gone", "expr": "up == 0"}]}]}'


@pytest.fixture
def context(answering: list[bool]) -> testing.Context[ops.CharmBase]:
    return providers.context("prometheus-k8s")


def watched(number: int = 7, app: str = "web", **values: str) -> testing.Relation:
    return testing.Relation(
        "metrics-endpoint",
        interface="prometheus_scrape",
        id=number,
        remote_app_name=app,
        remote_app_data=values,
        remote_units_data={0: {"prometheus_scrape_unit_address": "10.1.2.30"}},
    )


def state(*relations: testing.Relation) -> testing.State:
    return providers.state(testing.Container("prometheus", can_connect=True), *relations)


def config(context: testing.Context[ops.CharmBase], after: testing.State) -> Any:
    root = after.get_container("prometheus").get_filesystem(context)
    return json.loads((root / CONFIG.lstrip("/")).read_text())


def test_scrapes_the_targets_of_applications(context: testing.Context[ops.CharmBase]):
    relation = watched(scrape_jobs=JOBS, alert_rules=RULES)

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert after.unit_status == testing.ActiveStatus()
    assert [target["url"] for target in config(context, after)["targets"]] == ["http://10.1.2.30:9102/metrics"]
    assert [group["name"] for group in config(context, after)["groups"]] == ["g"]


def test_the_targets_of_a_removed_relation_are_removed(context: testing.Context[ops.CharmBase]):
    relation = watched(scrape_jobs=JOBS)

    after = context.run(context.on.relation_broken(relation), state(relation))

    assert config(context, after) == {"targets": [], "groups": []}


def test_an_invalid_databag_blocks_and_other_clients_are_scraped(context: testing.Context[ops.CharmBase]):
    good, bad = watched(scrape_jobs=JOBS), watched(3, "api", scrape_jobs="junk")

    after = context.run(context.on.relation_changed(bad), state(good, bad))

    assert after.unit_status == testing.BlockedStatus(
        "invalid metrics-endpoint relation data from api: "
        "scrape_jobs: not JSON: Expecting value: line 1 column 1 (char 0)"
    )
    assert len(config(context, after)["targets"]) == 1


@pytest.fixture
def paths(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the requested paths of the server."""
    paths: list[str] = []
    labels = {"job": "a", "juju_unit": "web/0"}
    target = {"scrapePool": "a", "scrapeUrl": "http://10.1.2.30:9102/metrics", "labels": labels, "lastError": ""}
    answers: dict[str, Any] = {
        "targets": {"activeTargets": [{**target, "health": "up"}, {**target, "health": "down", "lastError": "no"}]},
        "query": {"result": [{"metric": {"__name__": "up", "job": "a"}, "value": [1, "1"]}] * 3},
    }

    def ask(port: int, path: str) -> Any:
        assert port == 9090
        paths.append(path)
        return {"data": answers[path.removeprefix("/api/v1/").partition("?")[0]]}

    monkeypatch.setattr(providers.shared(), "ask", ask)
    return paths


def test_an_action_lists_targets(context: testing.Context[ops.CharmBase], paths: list[str]):
    context.run(context.on.action("list-targets"), state())

    target = {"job": "a", "url": "http://10.1.2.30:9102/metrics", "unit": "web/0"}
    assert context.action_results == {
        "count": 2,
        "targets": {"1": {**target, "health": "up"}, "2": {**target, "health": "down", "error": "no"}},
    }


def test_an_action_lists_metrics(context: testing.Context[ops.CharmBase], paths: list[str]):
    context.run(context.on.action("list-metrics", params={"query": 'up{job="a"}', "limit": 1}), state())

    assert paths == ["/api/v1/query?query=up%7Bjob%3D%22a%22%7D"]
    assert context.action_results == {"count": 1, "metrics": {"1": {"metric": 'up{job="a"}', "value": "1"}}}


def test_an_action_validates_the_requests_of_applications(context: testing.Context[ops.CharmBase]):
    good, bad = watched(scrape_jobs=JOBS, alert_rules=RULES), watched(3, "api", scrape_jobs="[1]")

    context.run(context.on.action("validate-configuration"), state(good))
    valid = dict(context.action_results or {})
    context.run(context.on.action("validate-configuration"), state(good, bad))

    assert valid == {"result": "valid: 1 targets, 1 groups of alert rules", "error-message": "", "valid": True}
    assert context.action_results == {
        "result": "valid: 1 targets, 1 groups of alert rules",
        "error-message": "invalid metrics-endpoint relation data from api: scrape_jobs[0]: not an object",
        "valid": False,
    }
