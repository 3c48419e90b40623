"""The network of the pods, seen from two pods and from the host; the driver contains the internet."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DRIVER = Path(__file__).with_name("network_driver.py")


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("net")
    (folder / "home").mkdir()
    command = [
        sys.executable,
        "-m",
        "paas_local.pods.namespace_init",
        sys.executable,
        str(DRIVER),
        "machine",
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def test_pods_reach_each_other_by_their_own_addresses(facts: dict[str, Any]) -> None:
    assert facts["first"] == "10.152.3.77 asks for /x"


def test_a_new_pod_is_reached_at_once_at_a_reused_address(facts: dict[str, Any]) -> None:
    assert facts["again"] == "10.152.3.77 asks for /y"


def test_a_published_port_has_the_pod_s_number_and_answers_on_the_host(facts: dict[str, Any]) -> None:
    assert facts["port"] == 8000
    assert facts["outside"][0] == "10.152.0.1 asks for /index"


def test_each_connection_to_a_published_port_reaches_a_pod_that_answers(facts: dict[str, Any]) -> None:
    assert facts["outside"] == ["10.152.0.1 asks for /index"] * 3


def test_skips_a_port_in_use(facts: dict[str, Any]) -> None:
    assert facts["next"] == 8001


def test_a_published_port_is_the_preferred_one_if_that_is_free(facts: dict[str, Any]) -> None:
    assert facts["preferred"] == 8006


def test_an_unpublished_port_is_free_again(facts: dict[str, Any]) -> None:
    assert facts["refused"]


def test_pods_reach_the_outside_by_address_and_by_name(facts: dict[str, Any]) -> None:
    assert facts["egress"] == "203.0.113.5 says hello"
    assert facts["name"] == "web.example says hello"


def test_connections_to_other_ports_are_refused_at_once(facts: dict[str, Any]) -> None:
    assert "Connection refused" in facts["closed"]


def test_only_one_background_process_runs_for_a_home(facts: dict[str, Any]) -> None:
    code, error = facts["second"]

    assert code == 1
    assert error.startswith("paas-local: a background process already runs in ")
    assert error.endswith(f"as process {facts['pid']}\n")


def test_the_controller_cleans_up_when_the_host_process_is_stopped(facts: dict[str, Any]) -> None:
    assert facts["stopped"]
    assert facts["code"] == 0
