"""The panels of a dashboard, and their queries."""

from typing import Any

from paas_local.providers.grafana_k8s.rock.files.grafana.panels import panels


def titles(dashboard: dict[str, Any]) -> list[str]:
    return [panel.title for panel in panels(dashboard)]


def test_the_queries_of_a_panel_are_those_of_its_targets():
    targets = [{"expr": "up"}, {"query": "buckets()"}, {"rawSql": "SELECT 1"}, {"refId": "B"}, {"expr": None}, "junk"]
    panel = {"title": "Requests", "type": "graph", "targets": targets}

    assert [each.document() for each in panels({"panels": [panel]})] == [
        {"title": "Requests", "type": "graph", "queries": ["up", "buckets()", "SELECT 1"]}
    ]


def test_panels_inside_rows_are_listed_and_rows_are_not():
    row = {"type": "row", "title": "a row", "panels": [{"title": "in it", "type": "stat"}]}
    old = {"title": "another kind of row", "panels": [{"title": "in the old one"}]}

    assert titles({"panels": [row, {"title": "after it"}], "rows": [old]}) == ["in it", "after it", "in the old one"]


def test_panels_that_are_not_a_list_are_ignored():
    assert titles({"panels": {}, "rows": "junk"}) == []
