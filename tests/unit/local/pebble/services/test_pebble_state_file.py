"""The state that the next daemon takes over."""

import asyncio
from pathlib import Path

import pytest
from paas_local.pebble import daemon
from paas_local.pebble.services.changes import Change, Changes, Step, Task
from paas_local.pebble.services.notices import Filter, Notices
from paas_local.pebble.services.state_file import StateFile


def changes() -> Changes:
    return Changes(lambda _: None, lambda: None)


async def never(_: Task) -> None:
    """Do nothing."""


def interrupted(*statuses: str) -> Change:
    """Return the change of an earlier daemon whose start tasks had these statuses."""
    earlier, later = changes(), changes()
    steps = [Step(kind="start", summary="Start", work=never) for _ in statuses]
    change = earlier.add("start", "Start", steps)
    for task, status in zip(change.tasks, statuses, strict=True):
        task.status = status
    later.restore(earlier.kept())
    return later.find(change.id)


def test_a_start_that_was_under_way_has_failed_and_the_rest_is_on_hold():
    change = interrupted("Done", "Doing", "Do")

    assert [task.status for task in change.tasks] == ["Done", "Error", "Hold"]
    assert change.error.endswith("(service already started, not retrying)")
    assert change.document["ready"]


def test_ids_continue():
    earlier, later = changes(), changes()
    earlier.add("start", "Start", [Step(kind="start", summary="Start", work=never)])
    later.restore(earlier.kept())

    change = later.add("stop", "Stop", [Step(kind="stop", summary="Stop", work=never)])

    assert (change.id, change.tasks[0].id) == ("2", "2")


def test_a_notice_continues_to_count(tmp_path: Path):
    async def run() -> None:
        file = StateFile(tmp_path / "state")
        earlier = Notices(file.changed)
        file.load({"notices": earlier})
        earlier.add(0, "custom", "example.com/a", {"k": "v"})
        await asyncio.sleep(0)

    asyncio.run(run())
    later = Notices()
    StateFile(tmp_path / "state").load({"notices": later})
    later.add(0, "custom", "example.com/a", {})

    (notice,) = later.matching(Filter(all_users=True))
    assert (notice.id, notice.occurrences) == ("1", 2)


def test_a_damaged_file_stops_the_daemon_with_its_name(tmp_path: Path):
    (tmp_path / "state").write_text("{")
    options = daemon.Options(
        socket=tmp_path / "socket", layers=tmp_path / "layers", state=tmp_path / "state", arguments={}
    )

    with pytest.raises(daemon.CannotRunError, match=rf"^cannot read {tmp_path}/state: "):
        asyncio.run(daemon.run(options))
