"""A deployment whose background process is killed again and again, with charms of shell lines in real pods."""

import time
from collections.abc import Generator
from pathlib import Path

import pytest
import yaml
from deployment import Deployment, new_home

PAUSES = (0.0, 0.3, 1.0, 2.5)
"""Seconds between the answer of a command and the kill: before, in and after the hooks that it causes."""
WRITER = """\
#!/bin/sh
set -e
if [ "$(is-leader)" = True ]; then
  for id in $(relation-ids db); do relation-set -r "$id" --app word="$(config-get word)"; done
fi
status-set active "$(config-get word)"
"""
READER = """\
#!/bin/sh
set -e
for id in $(relation-ids db); do word=$(relation-get -r "$id" --app word writer); done
status-set active "$word"
"""


@pytest.fixture
def juju() -> Generator[Deployment]:
    """Yield an empty model."""
    with new_home() as juju:
        juju("add-model", "test", "--no-switch")
        yield juju


def charm(folder: Path, name: str, dispatch: str, **metadata: object) -> str:
    """Write a charm with one container; return its folder."""
    charm = folder / name
    charm.mkdir()
    documents: dict[str, dict[str, object]] = {
        "metadata.yaml": {
            "name": name,
            "summary": name,
            "description": name,
            "containers": {"web": {}},
            **metadata,
        },
        "config.yaml": {"options": {"word": {"type": "string", "default": "first"}}},
    }
    for file, document in documents.items():
        (charm / file).write_text(yaml.safe_dump(document))
    (charm / "dispatch").write_text(dispatch)
    (charm / "dispatch").chmod(0o755)
    return str(charm)


def test_nothing_is_lost_when_the_background_process_is_killed_at_any_moment(juju: Deployment, tmp_path: Path):
    writer = charm(
        tmp_path, "writer", WRITER, provides={"db": {"interface": "words"}}, peers={"peers": {"interface": "peers"}}
    )
    reader = charm(tmp_path, "reader", READER, requires={"db": {"interface": "words"}})
    commands = (
        ("deploy", writer, "--num-units", "2"),
        ("deploy", reader),
        ("integrate", "writer", "reader"),
        ("config", "writer", "word=second"),
        ("add-unit", "writer"),
        ("config", "writer", "word=last"),
    )

    for number, command in enumerate(commands):
        juju(*command)
        time.sleep(PAUSES[number % len(PAUSES)])
        juju.kill("paas_local.controller.daemon")

    def settled() -> bool:
        applications = juju.status()["applications"]
        units = {**applications["writer"]["units"], **applications["reader"]["units"]}
        messages = {name: unit["workload-status"].get("message") for name, unit in units.items()}
        return messages == dict.fromkeys(("writer/0", "writer/1", "writer/2", "reader/0"), "last") and all(
            unit["juju-status"]["current"] == "idle" for unit in units.values()
        )

    juju.wait("the last word in all units", settled)
