"""Which panels a dashboard has, and what they ask."""

from typing import Any

from paas_local.providers.grafana_k8s.rock.files.grafana.panels import panels


def titles(dashboard: dict[str, Any]) -> list[object]:
    return [panel["title"] for panel in panels(dashboard)]


def test_a_panel_asks_what_its_targets_say():
    targets = [{"expr": "up"}, {"query": "buckets()"}, {"rawSql": "SELECT 1"}, {"refId": "B"}, {"expr": None}, "junk"]
    panel = {"title": "Requests", "type": "graph", "targets": targets}

    assert list(panels({"panels": [panel]})) == [
        {"title": "Requests", "type": "graph", "queries": ["up", "buckets()", "SELECT 1"]}
    ]


def test_panels_in_rows_are_found_and_rows_are_no_panels():
    row = {"type": "row", "title": "a row", "panels": [{"title": "in it", "type": "stat"}]}
    old = {"title": "another kind of row", "panels": [{"title": "in the old one"}]}

    assert titles({"panels": [row, {"title": "after it"}], "rows": [old]}) == ["in it", "after it", "in the old one"]


def test_what_is_no_list_has_no_panels():
    assert titles({"panels": {}, "rows": "junk"}) == []
