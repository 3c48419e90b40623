"""``paas-local test``: the addresses of units answer where the tests run."""

import os
from pathlib import Path

import pytest
from deployment import new_home

TEST = """
import json
import os
import subprocess
import time
import urllib.request


def juju(*words):
    return subprocess.run(["juju", *words], check=True, capture_output=True, text=True).stdout


def page(url):
    for _ in range(100):
        try:
            return urllib.request.urlopen(url, timeout=5).read()
        except OSError:
            time.sleep(0.2)
    raise AssertionError(url)


def test_a_unit_answers_at_its_address_and_at_its_url():
    juju("add-model", "inner")
    juju("deploy", "./tiny")
    juju("wait-for", "application", "tiny")
    unit = json.loads(juju("status", "--format", "json"))["applications"]["tiny"]["units"]["tiny/0"]
    command = ("juju", "exec", "--unit", "tiny/0", "--", "timeout", "8", "python3", "-m", "http.server", "8000")
    with subprocess.Popen(command):
        assert b"dispatch" in page(f"http://{unit['address']}:8000/")
        assert b"dispatch" in page(juju("url", "tiny").strip())
    assert os.getuid() == int(os.environ["OUTER_USER"])
    assert os.environ["LEFT"] == "as it was"
"""


def test_the_addresses_of_units_answer_where_the_tests_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    charm, tests = tmp_path / "tiny", tmp_path / "tests/integration"
    charm.mkdir()
    tests.mkdir(parents=True)
    (charm / "metadata.yaml").write_text("name: tiny\nsummary: tiny\ndescription: tiny\n")
    (charm / "dispatch").write_text("#!/bin/sh\nopen-port 8000\nstatus-set active\n")
    (charm / "dispatch").chmod(0o755)
    (tests / "test_tiny.py").write_text(TEST)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("JUJU_MODEL", raising=False)

    with new_home(model="", OUTER_USER=str(os.getuid()), LEFT="as it was") as juju:
        done = juju.run("test", "-p", "no:cacheprovider")
        models = juju("models", "--format", "json")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "inner" not in models
