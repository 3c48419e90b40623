from typing import Any

import pytest
from paas_local.cli import status_filter


def unit(status: str, **fields: object) -> dict[str, Any]:
    return {"workload-status": {"current": status}, "juju-status": {"current": "idle"}, **fields}


DOCUMENT: dict[str, Any] = {
    "applications": {
        "api": {"exposed": True, "units": {"api/0": unit("active", **{"open-ports": ["8080/tcp"]})}},
        "db": {"exposed": False},
        "web": {"exposed": False, "units": {"web/0": unit("blocked"), "web/1": unit("active", leader=True)}},
    },
    "application-endpoints": {"mail": {}},
    "offers": {"site": {}},
}
API, DB, WEB = {"api": ["api/0"]}, {"db": list[str]()}, {"web": ["web/0", "web/1"]}


def names(document: dict[str, Any]) -> dict[str, list[str]]:
    return {name: [*application["units"]] for name, application in document["applications"].items()}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        pytest.param("web", WEB, id="application"),
        pytest.param("web/1", {"web": ["web/1"]}, id="unit"),
        pytest.param("web/leader", {"web": ["web/1"]}, id="leader"),
        pytest.param("db", DB, id="application without units"),
        pytest.param("w* api", API | WEB, id="several"),
        pytest.param("*/0", API | {"web": ["web/0"]}, id="units of all applications"),
        pytest.param("blocked", {"web": ["web/0"]}, id="workload status"),
        pytest.param("idle", API | WEB, id="agent status"),
        pytest.param("8080", API, id="port"),
        pytest.param("exposed", API, id="exposed"),
        pytest.param("not exposed", DB | WEB, id="not exposed"),
        pytest.param("mail", {}, id="consumed offer"),
    ],
)
def test_patterns_select_units_and_their_applications(patterns: str, expected: dict[str, list[str]]):
    shown = status_filter.selected(DOCUMENT, patterns.split())

    assert names(shown) == expected
    assert {part: shown[part] for part in ("application-endpoints", "offers")} == {
        "application-endpoints": {"mail": {}},
        "offers": {"site": {}},
    }


def test_an_integration_is_shown_unless_the_filter_removes_one_of_its_applications():
    rows = [
        {"provider": "db:database", "requirer": "web:db"},
        {"provider": "mail:smtp", "requirer": "web:mail"},
        {"provider": "web:peers", "requirer": "web:peers"},
    ]

    shown = status_filter.selected_integrations(rows, DOCUMENT, status_filter.selected(DOCUMENT, ["web"]))

    assert shown == rows[1:]
