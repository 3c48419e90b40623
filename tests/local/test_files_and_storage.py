"""A charm's files and storage, in a real pod; the charm is a shell script."""

import zipfile
from pathlib import Path

from deployment import Deployment, new_home

UNIT = "reader/0"
METADATA = """\
name: reader
resources:
  words: {type: file, filename: words.txt}
"""
DISPATCH = """\
#!/bin/sh
echo "$JUJU_HOOK_NAME" >> hooks-of-this-pod
if path=$(resource-get words); then status-set active "$path: $(cat "$path")"; else status-set blocked "no words"; fi
"""


def packed(folder: Path) -> str:
    file = folder / "reader.charm"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.yaml", METADATA)
        dispatch = zipfile.ZipInfo("dispatch")
        dispatch.external_attr = 0o755 << 16
        archive.writestr(dispatch, DISPATCH)
    return str(file)


def wait_for_message(juju: Deployment, message: str) -> None:
    juju.wait(message, lambda: juju.unit(UNIT)[1] == message)


def test_a_charm_reads_the_file_that_is_attached(tmp_path: Path):
    inside = "/var/lib/juju/agents/unit-reader-0/resources/words/words.txt"
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    first.write_text("first")
    second.write_text("second")
    with new_home() as juju:
        juju("add-model", "test", "--no-switch")
        juju("deploy", packed(tmp_path))
        message = juju.wait_for(UNIT, "blocked")
        log = juju("debug-log", "--limit", "100")

        juju("attach-resource", "reader", f"words={first}")
        wait_for_message(juju, f"{inside}: first")
        juju("refresh", "reader", "--resource", f"words={second}")
        wait_for_message(juju, f"{inside}: second")
        hooks = juju("exec", "--unit", UNIT, "cat hooks-of-this-pod").split()

    assert message == "no words"
    assert "ERROR could not download resource: resource#reader/words not found" in log
    assert hooks[0] == "upgrade-charm"
