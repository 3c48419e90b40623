"""A charm's files and storage, in a real pod; the charm is a shell script."""

import json
import zipfile
from datetime import datetime
from pathlib import Path

from deployment import Deployment, new_home

UNIT = "reader/0"
READER = """\
name: reader
resources:
  words: {type: file, filename: words.txt}
"""
READ = """\
#!/bin/sh
echo "$JUJU_HOOK_NAME" >> hooks-of-this-pod
if path=$(resource-get words); then status-set active "$path: $(cat "$path")"; else status-set blocked "no words"; fi
"""
KEEPER = """\
name: keeper
containers:
  app: {mounts: [{storage: data, location: /data}, {storage: one, location: /one}]}
storage:
  data: {type: filesystem, multiple: {range: 1-2}}
  one: {type: filesystem}
"""
KEEP = """\
#!/bin/sh
case $JUJU_DISPATCH_PATH in
  */start) status-set active;;
  *-storage-attached) echo "$JUJU_STORAGE_ID" > "$JUJU_STORAGE_LOCATION/mark";;
  *-storage-detaching) juju-log "detaching $JUJU_STORAGE_ID, which has $(cat "$JUJU_STORAGE_LOCATION/mark")";;
  actions/grow) storage-add data;;
esac
"""


def packed(folder: Path, name: str, metadata: str, program: str) -> str:
    file = folder / f"{name}.charm"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.yaml", metadata)
        archive.writestr("actions.yaml", "grow: {}\n")
        dispatch = zipfile.ZipInfo("dispatch")
        dispatch.external_attr = 0o755 << 16
        archive.writestr(dispatch, program)
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
        juju("deploy", packed(tmp_path, "reader", READER, READ))
        message = juju.wait_for(UNIT, "blocked")
        without = juju("resources", "reader", "--details")
        log = juju("debug-log", "--limit", "100")

        juju("attach-resource", "reader", f"words={first}")
        wait_for_message(juju, f"{inside}: first")
        juju("refresh", "reader", "--resource", f"words={second}")
        wait_for_message(juju, f"{inside}: second")
        details, of_unit = juju("resources", "reader", "--details"), juju("resources", UNIT, "--details")
        (entry,) = json.loads(juju("resources", UNIT, "--format", "json"))
        hooks = juju("exec", "--unit", UNIT, "cat hooks-of-this-pod").split()

    assert message == "no words"
    assert without == "Unit      Resource  Revision  Expected\nreader/0  words     -         -\n"
    time = datetime.fromisoformat(entry["timestamp"].replace("Z", "+00:00")).strftime("%Y-%d-%mT%H:%M")  # Juju's order
    assert details == f"Unit      Resource  Revision{' ' * 10}Expected\nreader/0  words     {time}  {time}\n"
    assert of_unit == f"Resource  Revision{' ' * 10}Expected\nwords     {time}  {time}\n"
    assert "ERROR could not download resource: resource#reader/words not found" in log
    assert hooks[0] == "upgrade-charm"


def test_a_charm_adds_storage_to_a_running_pod(tmp_path: Path):
    with new_home() as juju:
        juju("add-model", "test", "--no-switch")
        juju("deploy", packed(tmp_path, "keeper", KEEPER, KEEP))
        juju.wait_for("keeper/0", "active")

        def marks() -> str:
            return juju.run("ssh", "--container", "app", "keeper/0", "cat /one/mark /data/*/mark").stdout

        juju.wait("first storage", lambda: marks() == "one/1\ndata/0\n")
        juju("run", "keeper/0", "grow")
        juju.wait("added storage", lambda: marks() == "one/1\ndata/0\ndata/2\n")
        singular = juju.run("run", "keeper/0", "grow")
        listed = juju("storage").splitlines()

        juju("remove-unit", "keeper", "--num-units", "1", "--no-prompt")
        juju.wait("removed unit", lambda: not juju.status()["applications"]["keeper"].get("units"))
        log = juju("debug-log", "--limit", "100")

    assert "brings the total to 3, exceeding the maximum of 2" in singular.stdout + singular.stderr
    assert [line.split()[1] for line in listed[1:]] == ["data/0", "data/2", "one/1"]
    for item in ("data/0", "one/1", "data/2"):
        assert f"detaching {item}, which has {item}" in log
