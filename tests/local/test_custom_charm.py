"""The example of an extended charm: its additions reach the application."""

from pathlib import Path

import packed_charm
from deployment import new_home

ROOT = Path(__file__).parent.parent.parent
WEATHER = "weather-k8s/0"


def test_the_additions_of_a_charm_reach_the_application(wheels: Path):
    with new_home(UV_FIND_LINKS=str(wheels)) as juju:
        folder = ROOT / "examples/custom"
        juju("add-model", "test", "--no-switch")
        juju("deploy", str(folder / "charm"), "weather-k8s", "--resource", f"flask-app-image={folder}")
        juju.wait_for(WEATHER, "active")
        browser = juju.browser("weather-k8s")
        before = browser.get("/")
        checks = juju("pebble", WEATHER, "checks").split()
        plan = juju("pebble", WEATHER, "plan")
        version = juju.status()["applications"]["weather-k8s"]["version"]

        juju("config", "weather-k8s", "towns=Bergen")
        juju.wait("other towns", lambda: browser.get("/")["towns"] == ["Bergen"])
        juju("config", "weather-k8s", "towns= ")
        blocked = juju.wait_for(WEATHER, "blocked")
        still = browser.get("/")["towns"]

    assert before == {
        "title": "The weather in Brno and Oslo",
        "towns": ["Brno", "Oslo"],
        "station": None,
        "may ask it": False,
        "has a cache": True,
    }
    assert checks[-4:] == ["answers", "ready", "up", "0/3"]
    assert "url: http://localhost:8000/health" in plan
    assert version == "1.4.2"
    assert blocked == "option towns names no town (juju config weather-k8s towns=Brno)"
    assert still == ["Bergen"]


def test_a_packed_charm_runs(wheels: Path, tmp_path: Path):
    folder = ROOT / "examples/custom"
    primed = packed_charm.prime(folder / "charm", wheels, tmp_path / "prime")
    package = packed_charm.archive(primed, tmp_path / "weather-k8s_amd64.charm")

    with new_home(UV_FIND_LINKS=str(wheels)) as juju:
        juju("add-model", "test", "--no-switch")
        juju("deploy", str(package), "weather-k8s", "--resource", f"flask-app-image={folder}")
        juju.wait_for(WEATHER, "active")
        page = juju.browser("weather-k8s").get("/")

    assert page["towns"] == ["Brno", "Oslo"]
