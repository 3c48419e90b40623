"""The workflows of GitHub; ``make workflows`` checks their syntax."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").iterdir())
FRAMEWORKS = ["django", "fastapi", "flask", "go"]


def matrix(*words: str) -> list[dict[str, Any]]:
    command = [sys.executable, ROOT / "tests/integration/suite/matrix.py", *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)["include"]


def test_the_matrix_has_each_framework_on_each_leg():
    jobs = [(job["leg"], job["framework"], job["juju"]) for job in matrix("B", "C", "D")]

    assert sorted(jobs) == [
        *(("B", framework, "3.6/stable") for framework in FRAMEWORKS),
        *(("C", framework, "3.6/stable") for framework in FRAMEWORKS),
        *(("D", framework, juju) for framework in FRAMEWORKS for juju in ("3.6/stable", "4.0/stable")),
    ]


def test_only_juju_4_may_fail():
    assert {job["juju"] for job in matrix("B", "C", "D") if job["may_fail"]} == {"4.0/stable"}


def test_each_schedule_of_the_workflow_runs_legs():
    text = (ROOT / ".github/workflows/integration.yml").read_text()

    legs = {line: {job["leg"] for job in matrix(line)} for line in re.findall(r"- cron: (.*)", text)}

    assert legs == {"17 1 * * *": {"B", "C"}, "17 3 * * 0": {"D"}}


def test_an_unknown_leg_is_an_error():
    with pytest.raises(subprocess.CalledProcessError):
        matrix("Z")


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_each_action_is_pinned_by_its_full_hash(file: Path):
    actions = re.findall(r"uses: (?!\./)(\S+)(.*)", file.read_text())

    assert actions
    assert not [name for name, comment in actions if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", name) or not comment]


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_jobs_have_no_permission_that_they_do_not_name(file: Path):
    workflow = yaml.safe_load(file.read_text())

    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())


@pytest.mark.parametrize("file", ["concierge.yaml", "concierge-k8s.yaml"])
def test_a_configuration_of_concierge_installs_the_packing_tools_and_one_controller(file: str):
    config = yaml.safe_load((ROOT / file).read_text())

    assert config["host"]["snaps"].keys() == {"charmcraft", "rockcraft"}
    assert len([each for each in config["providers"].values() if each.get("bootstrap")]) == 1


def test_a_release_packs_with_each_python_that_the_packages_allow():
    jobs = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text())["jobs"]

    assert jobs["pack"]["strategy"]["matrix"]["python"] == ["3.10", "3.12", "3.13", "3.14"]
    assert jobs["pack"]["steps"][-1]["run"] == 'make pack PYTHONS="$PYTHON"'
    assert "pack" in jobs["publish"]["needs"]
