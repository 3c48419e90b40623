"""The actions that make a container run a workload, and their order."""

import dataclasses
import typing

import pytest
from paas_common.observability import log_targets
from paas_common.planning import actions
from paas_common.planning.actions import (
    Action,
    AddLayer,
    Current,
    ForwardLogs,
    Push,
    PushCandidate,
    Reload,
    Remember,
    Remove,
    Replan,
    Restart,
    Stop,
)
from paas_common.values.facts import ContainerState
from paas_common.values.workload import BeforeStart, Check, File, Migration, Workload

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


@pytest.mark.parametrize("policy", ["on-success", "on-failure"])
def test_a_worker_that_may_end_is_not_started_again(policy: str) -> None:
    services = {**WORKLOAD.services, "mail-worker": {"startup": "enabled", policy: "ignore"}}
    once = dataclasses.replace(WORKLOAD, services=services)
    container = ContainerState(services={}, files=frozenset(), fingerprint="", applied=actions.digests(once))
    current = Current(
        layer_applied=True, running=SERVICES - {"mail-worker"}, files={file.path: "old" for file in once.files}
    )

    assert actions.due(once, container, current) == ()
    assert Replan in kinds(due(once))


def test_a_worker_that_must_run_is_started_again() -> None:
    container = ContainerState(services={}, files=frozenset(), fingerprint="", applied=actions.digests(WORKLOAD))
    current = Current(
        layer_applied=True, running=SERVICES - {"mail-worker"}, files={file.path: "old" for file in WORKLOAD.files}
    )

    assert actions.due(WORKLOAD, container, current) == (Replan(),)


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


MIGRATION = Migration(command=("migrate",), fingerprint="1")
BEFORE_START = BeforeStart(command=("bash", "before-start.sh"), fingerprint="image")
LOKI = {"type": "loki", "location": "http://loki", "labels": {"product": log_targets.PRODUCT}}
APPLIED = actions.digests(WORKLOAD)
CHANGED_SERVICES = {**WORKLOAD.services, "web": {"startup": "enabled", "environment": {"NEW": "1"}}}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """A workload, a container in which ``WORKLOAD`` runs apart from the named differences, and all actions."""

    actions: tuple[Action, ...]
    workload: Workload = WORKLOAD
    applied: dict[str, str] = dataclasses.field(default_factory=lambda: APPLIED)
    current: dict[str, typing.Any] = dataclasses.field(default_factory=dict[str, typing.Any])
    announced: tuple[str, ...] = ()
    """Texts of the status meanwhile."""


def with_workload(**changes: typing.Any) -> Workload:
    return dataclasses.replace(WORKLOAD, **changes)


def states(case: Case) -> tuple[ContainerState, Current]:
    container = ContainerState(services={}, files=frozenset(), fingerprint="", applied=case.applied)
    files = {file.path: file.content for file in WORKLOAD.files}
    return container, dataclasses.replace(Current(layer_applied=True, running=SERVICES, files=files), **case.current)


def remember(workload: Workload) -> Remember:
    return Remember(applied=actions.digests(workload))


NEW_PLAIN, NEW_CHECKED = changed(PLAIN), changed(CHECKED)
(PLAIN_FILE, _), (_, CHECKED_FILE) = NEW_PLAIN.files, NEW_CHECKED.files
CHECKS = (PushCandidate(file=CHECKED), CHECK)
CASES = {
    "a-new-container": Case(
        workload=with_workload(migration=MIGRATION, before_start=BEFORE_START, idle=("cron-scheduler",)),
        applied={},
        current={"layer_applied": False, "running": frozenset[str](), "files": {}},
        actions=(
            Push(file=PLAIN),
            *CHECKS,
            MIGRATION,
            BEFORE_START,
            Push(file=CHECKED),
            AddLayer(),
            Replan(),
            remember(WORKLOAD),
        ),
        announced=("migrating the database", "preparing the start", "starting web, mail-worker"),
    ),
    "no-difference": Case(actions=()),
    "a-file-that-is-read-at-the-start": Case(
        workload=NEW_PLAIN,
        actions=(
            Push(file=PLAIN_FILE),
            *CHECKS,
            Restart(services=("web", "mail-worker")),
            remember(NEW_PLAIN),
        ),
        announced=("restarting web, mail-worker",),
    ),
    "a-file-that-is-read-on-sighup": Case(
        workload=NEW_CHECKED,
        actions=(
            PushCandidate(file=CHECKED_FILE),
            CHECK,
            Push(file=CHECKED_FILE),
            Reload(service="web"),
            remember(NEW_CHECKED),
        ),
    ),
    "a-file-that-somebody-changed-in-the-container": Case(
        current={"files": {PLAIN.path: "edited", CHECKED.path: CHECKED.content}},
        actions=(Push(file=PLAIN), *CHECKS),
    ),
    "a-file-that-is-not-used-any-more": Case(
        workload=with_workload(files=(CHECKED,)),
        actions=(
            *CHECKS,
            Restart(services=("web", "mail-worker")),
            Remove(path=PLAIN.path),
            remember(with_workload(files=(CHECKED,))),
        ),
        announced=("restarting web, mail-worker",),
    ),
    "another-environment": Case(
        workload=with_workload(services=CHANGED_SERVICES),
        current={"layer_applied": False},
        actions=(*CHECKS, AddLayer(), Replan(), remember(with_workload(services=CHANGED_SERVICES))),
        announced=("restarting web",),
    ),
    "another-health-check": Case(
        workload=with_workload(health={"period": "9s"}),
        current={"layer_applied": False},
        actions=(*CHECKS, AddLayer(), Replan(), remember(with_workload(health={"period": "9s"}))),
    ),
    "a-service-that-stopped": Case(
        current={"running": frozenset({"mail-worker"})}, actions=(Replan(),), announced=("starting web",)
    ),
    "a-service-that-stopped-and-one-that-changed": Case(
        workload=with_workload(services=CHANGED_SERVICES),
        current={"layer_applied": False, "running": frozenset({"web"})},
        actions=(*CHECKS, AddLayer(), Replan(), remember(with_workload(services=CHANGED_SERVICES))),
        announced=("starting mail-worker; restarting web",),
    ),
    "a-layer-that-was-replaced": Case(current={"layer_applied": False}, actions=(*CHECKS, AddLayer(), Replan())),
    "a-scheduler-that-this-unit-must-not-run": Case(
        workload=with_workload(idle=("cron-scheduler",)), actions=(Stop(services=("cron-scheduler",)),)
    ),
    "an-idle-scheduler-that-does-not-run": Case(
        workload=with_workload(idle=("cron-scheduler",)),
        current={"running": frozenset({"web", "mail-worker"})},
        actions=(),
    ),
    "a-migration": Case(
        workload=with_workload(migration=MIGRATION), actions=(MIGRATION,), announced=("migrating the database",)
    ),
    "a-step-before-the-start": Case(
        workload=with_workload(before_start=BEFORE_START), actions=(BEFORE_START,), announced=("preparing the start",)
    ),
    "a-new-log-target": Case(
        workload=with_workload(log_targets={"loki/0": LOKI}), actions=(ForwardLogs(targets={"loki/0": LOKI}),)
    ),
    "a-log-target-of-a-removed-relation": Case(
        current={"log_targets": {"loki/0": LOKI}},
        actions=(ForwardLogs(targets={"loki/0": log_targets.DISABLED}),),
    ),
    "a-log-target-of-the-image": Case(current={"log_targets": {"own": {"type": "loki"}}}, actions=()),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_a_difference_needs_exactly_these_actions_in_this_order(case: Case) -> None:
    assert actions.due(case.workload, *states(case)) == case.actions


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_what_interrupts_an_active_unit_or_may_take_long_is_announced(case: Case) -> None:
    def announced(*, active: bool) -> tuple[str, ...]:
        texts = [actions.announcement(each, case.workload, *states(case), active=active) for each in case.actions]
        return tuple(filter(None, texts))

    assert announced(active=True) == case.announced
    assert announced(active=False) == tuple(text for text in case.announced if "starting" not in text)


def test_every_kind_of_action_has_a_case() -> None:
    assert {type(action) for case in CASES.values() for action in case.actions} == set(typing.get_args(Action))


def test_digests_hold_no_secret() -> None:
    services = {"web": {"environment": {"PASSWORD": "recognisable"}}}
    workload = with_workload(services=services, files=(dataclasses.replace(PLAIN, content="recognisable"),))

    assert "recognisable" not in str(actions.digests(workload))
