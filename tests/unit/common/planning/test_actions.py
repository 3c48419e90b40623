"""Actions for changed files and services."""

import dataclasses

import pytest
from paas_common.planning import actions
from paas_common.planning.actions import Push, Reload, Remember, Remove, Replan, Restart
from paas_common.values.facts import ContainerState
from paas_common.values.workload import Check, File, Migration, Workload

PLAIN = File(path="/run/ca.pem", content="old")
CHECKED = File(path="/web/conf", content="old", candidate="/tmp/conf", on_change="reload")
CHECK = Check(command=("check",), failure="no")
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


def due(desired: Workload, before: Workload = WORKLOAD) -> list[actions.Action]:
    """Return the actions for a container in which another workload runs."""
    container = ContainerState(services={}, files=frozenset(), fingerprint="", applied=actions.digests(before))
    files = {file.path: file.content for file in before.files}
    current = actions.Current(layer_applied=desired.services == before.services, running=SERVICES, files=files)
    return list(actions.due(desired, container, current))


def changed(file: File) -> Workload:
    new = dataclasses.replace(file, content="new")
    return dataclasses.replace(WORKLOAD, files=tuple(new if each is file else each for each in WORKLOAD.files))


def kinds(due_actions: list[actions.Action]) -> list[type[actions.Action]]:
    return [type(action) for action in due_actions]


def test_an_unchanged_workload_needs_no_action() -> None:
    assert due(WORKLOAD) == []


def test_a_changed_file_that_is_read_at_the_start_restarts_running_services() -> None:
    due_actions = due(changed(PLAIN))

    assert Restart(services=("web", "mail-worker")) in due_actions
    assert not {Replan, Reload} & set(kinds(due_actions))


def test_a_changed_file_that_is_read_on_sighup_reloads_the_server_only() -> None:
    due_actions = due(changed(CHECKED))

    assert Reload(service="web") in due_actions
    assert not {Replan, Restart} & set(kinds(due_actions))


def test_a_changed_file_with_on_change_nothing_restarts_nothing() -> None:
    quiet = dataclasses.replace(WORKLOAD, files=(dataclasses.replace(PLAIN, on_change="nothing"), CHECKED))
    news = dataclasses.replace(PLAIN, on_change="nothing", content="new")

    due_actions = due(dataclasses.replace(quiet, files=(news, CHECKED)), quiet)

    assert Push(file=news) in due_actions
    assert not {Replan, Restart, Reload} & set(kinds(due_actions))


def test_a_service_that_the_replan_restarts_is_not_restarted_twice() -> None:
    services = {**WORKLOAD.services, "web": {"startup": "enabled", "environment": {"NEW": "1"}}}

    due_actions = due(dataclasses.replace(changed(PLAIN), services=services))

    assert Replan() in due_actions
    assert Restart(services=("mail-worker",)) in due_actions


def test_an_unused_file_is_removed_last_before_the_notes() -> None:
    due_actions = due(dataclasses.replace(WORKLOAD, files=(CHECKED,)))

    assert due_actions[-2:-1] == [Remove(path=PLAIN.path)]
    assert isinstance(due_actions[-1], Remember)
    assert Restart(services=("web", "mail-worker")) in due_actions


@pytest.mark.parametrize("file", [PLAIN, CHECKED])
def test_the_migration_runs_after_unchecked_files_and_before_checked_files(file: File) -> None:
    migration = Migration(command=("migrate",), fingerprint="1")

    due_actions = due(dataclasses.replace(changed(file), migration=migration))

    pushed = next(place for place, action in enumerate(due_actions) if isinstance(action, Push))
    assert (pushed < due_actions.index(CHECK) < due_actions.index(migration)) is (file is PLAIN)
    assert (pushed > due_actions.index(migration)) is (file is CHECKED)
