"""What a changed file does to the services that run."""

import dataclasses

import pytest
from paas_common.planning import actions
from paas_common.planning.actions import Push, Reload, Remember, Remove, Replan, Restart
from paas_common.values import facts
from paas_common.values.workload import Check, File, Migration, Workload

PLAIN = File(path="/run/ca.pem", content="old")
CHECKED = File(path="/web/conf", content="old", candidate="/tmp/conf", on_change="reload")
CHECK = Check(command=("check",), refusal="no")
WORKLOAD = Workload(
    service="web",
    services={
        "web": {"startup": "enabled"},
        "mail-worker": {"startup": "enabled"},
        "cron-scheduler": {"startup": "disabled"},
    },
    environment={},
    port=80,
    app_dir="/app",
    state_dir="/state",
    user="_daemon_",
    files=(PLAIN, CHECKED),
    checks=(CHECK,),
    health={},
)
SERVICES = frozenset(WORKLOAD.services)


def due(wanted: Workload, before: Workload = WORKLOAD) -> list[actions.Action]:
    """Give what is done to a container in which the workload before runs."""
    image = facts.Image(services={}, files=frozenset(), fingerprint="", applied=actions.digests(before))
    files = {file.path: file.content for file in before.files}
    current = actions.Current(in_force=wanted.services == before.services, running=SERVICES, files=files)
    return list(actions.due(wanted, image, current))


def changed(file: File) -> Workload:
    new = dataclasses.replace(file, content="new")
    return dataclasses.replace(WORKLOAD, files=tuple(new if each is file else each for each in WORKLOAD.files))


def kinds(found: list[actions.Action]) -> list[type[actions.Action]]:
    return [type(action) for action in found]


def test_nothing_changed() -> None:
    assert due(WORKLOAD) == []


def test_a_file_that_is_read_at_the_start_restarts_what_runs_with_it() -> None:
    found = due(changed(PLAIN))

    assert Restart(services=("web", "mail-worker")) in found
    assert not {Replan, Reload} & set(kinds(found))


def test_a_file_that_is_read_on_sighup_reloads_the_server_only() -> None:
    found = due(changed(CHECKED))

    assert Reload(service="web") in found
    assert not {Replan, Restart} & set(kinds(found))


def test_a_file_that_nobody_has_open_restarts_nothing() -> None:
    quiet = dataclasses.replace(WORKLOAD, files=(dataclasses.replace(PLAIN, on_change="nothing"), CHECKED))
    news = dataclasses.replace(PLAIN, on_change="nothing", content="new")

    found = due(dataclasses.replace(quiet, files=(news, CHECKED)), quiet)

    assert Push(file=news) in found
    assert not {Replan, Restart, Reload} & set(kinds(found))


def test_what_is_started_anew_anyhow_is_not_restarted_too() -> None:
    services = {**WORKLOAD.services, "web": {"startup": "enabled", "environment": {"NEW": "1"}}}

    found = due(dataclasses.replace(changed(PLAIN), services=services))

    assert Replan() in found
    assert Restart(services=("mail-worker",)) in found


def test_a_file_that_nobody_wants_any_longer_goes_last_but_for_the_note() -> None:
    found = due(dataclasses.replace(WORKLOAD, files=(CHECKED,)))

    assert found[-2:-1] == [Remove(path=PLAIN.path)]
    assert isinstance(found[-1], Remember)
    assert Restart(services=("web", "mail-worker")) in found


@pytest.mark.parametrize("file", [PLAIN, CHECKED])
def test_the_migration_sees_files_that_need_no_check_and_runs_before_the_others_are_in_force(file: File) -> None:
    migration = Migration(command=("migrate",), fingerprint="1")

    found = due(dataclasses.replace(changed(file), migration=migration))

    pushed = next(place for place, action in enumerate(found) if isinstance(action, Push))
    assert (pushed < found.index(CHECK) < found.index(migration)) is (file is PLAIN)
    assert (pushed > found.index(migration)) is (file is CHECKED)
