"""storage and show-storage, over a recorded status document."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import Result
from fake_daemon import FakeDaemon

Run = Callable[..., Result]
STATUS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[1] / "fixtures" / "status.json").read_text())
DOCUMENT = STATUS["storage_offer_and_remote_application"]
STORED: dict[str, Any] = DOCUMENT["storage"]["storage"]


@pytest.fixture(autouse=True)
def answers(daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUJU_MODEL", "demo")
    daemon.results["status"] = DOCUMENT


def test_storage_is_listed_with_its_units(run: Run):
    (identifier,) = STORED
    (unit,) = STORED[identifier]["attachments"]["units"]

    lines = [line.split() for line in run("storage").stdout.splitlines()]

    assert lines == [
        ["Unit", "Storage", "ID", "Type", "Status"],
        [unit, identifier, "filesystem", "attached"],
    ]
    assert json.loads(run("storage", "--format", "json").stdout) == {"storage": STORED}


def test_a_model_without_storage_says_so(run: Run, daemon: FakeDaemon):
    daemon.results["status"] = STATUS["empty"]

    result = run("storage")

    assert (result.stdout, result.stderr, result.exit_code) == ("", "No storage to display.\n", 0)


def test_show_storage_shows_the_named_ones(run: Run):
    (identifier,) = STORED

    assert yaml.safe_load(run("show-storage", identifier).stdout) == STORED
    missing = run("show-storage", "none/0")
    assert (missing.stderr, missing.exit_code) == (
        'ERROR storage "none/0" not found; see: paas-local storage\n',
        1,
    )
