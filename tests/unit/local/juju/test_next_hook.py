import dataclasses

import pytest
from model_builders import (
    FLASK,
    NOW,
    PLAIN,
    POSTGRES,
    deployed,
    empty,
    hooks_of,
    idle,
    run,
    spelled,
    turn,
    writing,
)
from paas_local.juju import actions, events, hook_commit, next_hook, operations, pod_changes
from paas_local.juju.hook_context import HookContext
from paas_local.juju.lifecycle import remove_unit
from paas_local.juju.model import Model, Revision, Secret, Tracking, with_secret

SETUP = ["install", "leader-elected", "config-changed", "start"]


def related() -> Model:
    model = deployed(deployed(empty(), FLASK), POSTGRES)
    return idle(operations.integrate(idle(model), "flask-k8s", "postgresql-k8s"))


def test_the_hooks_of_a_first_unit_include_leader_elected():
    model = deployed(empty(), FLASK)

    _, hooks = run(model)

    assert hooks_of(hooks, "flask-k8s/0") == [
        "install",
        "secret-storage-relation-created",
        "leader-elected",
        "config-changed",
        "start",
    ]


def test_pebble_ready_runs_after_start_and_once_per_start_of_pebble():
    model = pod_changes.pebble_started(deployed(empty(), FLASK), "flask-k8s/0", "app")

    model, hooks = run(model)
    again, hooks_again = run(pod_changes.pebble_started(model, "flask-k8s/0", "app"))

    assert hooks[-1] == ("flask-k8s/0", "app-pebble-ready")
    assert hooks_again == [("flask-k8s/0", "app-pebble-ready")]
    assert run(again)[1] == []


def test_a_storage_is_attached_after_start():
    _, hooks = run(deployed(empty(), POSTGRES))

    assert hooks_of(hooks, "postgresql-k8s/0")[-2:] == ["start", "pgdata-storage-attached"]


def test_a_second_unit_joins_its_peer_and_does_not_lead():
    model = idle(deployed(empty(), FLASK))

    model = operations.add_units(model, "flask-k8s", ["10.152.0.9"], NOW)
    _, hooks = run(model)

    assert hooks_of(hooks, "flask-k8s/1") == [
        "install",
        "secret-storage-relation-created",
        "config-changed",
        "start",
        "secret-storage-relation-joined flask-k8s/0",
        "secret-storage-relation-changed flask-k8s/0",
    ]
    assert hooks_of(hooks, "flask-k8s/0") == [
        "secret-storage-relation-joined flask-k8s/1",
        "secret-storage-relation-changed flask-k8s/1",
    ]


def test_both_ends_of_a_new_relation_run_created_joined_and_changed():
    model = idle(deployed(deployed(empty(), FLASK), POSTGRES))

    _, hooks = run(operations.integrate(model, "flask-k8s", "postgresql-k8s"))

    assert hooks_of(hooks, "flask-k8s/0") == [
        "db-relation-created",
        "db-relation-joined postgresql-k8s/0",
        "db-relation-changed postgresql-k8s/0",
    ]
    assert hooks_of(hooks, "postgresql-k8s/0") == [
        "database-relation-created",
        "database-relation-joined flask-k8s/0",
        "database-relation-changed flask-k8s/0",
    ]


def test_a_relation_from_before_the_start_is_joined_after_it():
    model = deployed(deployed(empty(), FLASK), POSTGRES)

    _, hooks = run(operations.integrate(model, "flask-k8s", "postgresql-k8s"))

    flask_hooks = hooks_of(hooks, "flask-k8s/0")
    assert flask_hooks.index("db-relation-created") < flask_hooks.index("config-changed")
    assert flask_hooks.index("db-relation-joined postgresql-k8s/0") > flask_hooks.index("start")


def test_the_change_of_an_application_databag_comes_before_its_units_join():
    model = idle(deployed(deployed(empty(), FLASK), POSTGRES))
    model = operations.integrate(model, "flask-k8s", "postgresql-k8s")

    model, _ = turn(model, "postgresql-k8s/0", write=lambda c: writing(c, 2, "postgresql-k8s", uris="x"))
    _, hooks = run(model)

    assert hooks_of(hooks, "flask-k8s/0")[:3] == [
        "db-relation-created",
        "db-relation-changed",
        "db-relation-joined postgresql-k8s/0",
    ]


def test_several_writes_become_one_event():
    model = related()
    for number in range(3):
        model = wrote(model, "postgresql-k8s/0", 2, "postgresql-k8s", {"n": str(number)})

    _, hooks = run(model)

    assert hooks == [("flask-k8s/0", "db-relation-changed")]


def test_writing_the_same_value_causes_no_event():
    model = wrote(related(), "postgresql-k8s/0", 2, "postgresql-k8s", {"a": "1"})
    model = idle(model)

    model = wrote(model, "postgresql-k8s/0", 2, "postgresql-k8s", {"a": "1", "gone": ""})

    assert run(model)[1] == []


def test_a_change_during_a_hook_causes_another_event():
    model = related()
    model = wrote(model, "postgresql-k8s/0", 2, "postgresql-k8s", {"a": "1"})
    event = next_hook.next_event(model, "flask-k8s/0", NOW)
    assert event is not None
    model = hook_commit.begin(model, "flask-k8s/0", event, NOW)
    context = HookContext(unit="flask-k8s/0", event=event, snapshot=model)

    model = wrote(model, "postgresql-k8s/0", 2, "postgresql-k8s", {"a": "2"})
    model = hook_commit.commit(model, context, NOW)

    assert run(model)[1] == [("flask-k8s/0", "db-relation-changed")]


def test_the_writer_of_a_peer_databag_gets_no_event():
    model = idle(deployed(empty(), FLASK, units=2))

    model = wrote(model, "flask-k8s/0", 0, "flask-k8s", {"key": "id"})

    assert run(model)[1] == [("flask-k8s/1", "secret-storage-relation-changed")]


def test_several_option_changes_become_one_event_and_the_same_value_none():
    model = idle(deployed(empty(), FLASK))

    model = operations.configure(model, "flask-k8s", {"greeting": "a"})
    model, hooks = run(operations.configure(model, "flask-k8s", {"greeting": "b"}))
    same = run(operations.configure(model, "flask-k8s", {"greeting": "b"}))[1]
    back = run(operations.configure(model, "flask-k8s", {}, ["greeting"]))[1]

    assert [hooks, same, back] == [
        [("flask-k8s/0", "config-changed")],
        [],
        [("flask-k8s/0", "config-changed")],
    ]


def test_removing_a_relation_runs_departed_then_broken_on_both_ends():
    model, hooks = run(operations.remove_relation(related(), ["flask-k8s", "postgresql-k8s"]))

    assert hooks_of(hooks, "flask-k8s/0") == [
        "db-relation-departed postgresql-k8s/0 departing=postgresql-k8s/0",
        "db-relation-broken",
    ]
    assert hooks_of(hooks, "postgresql-k8s/0") == [
        "database-relation-departed flask-k8s/0 departing=flask-k8s/0",
        "database-relation-broken",
    ]
    assert sorted(model.relations) == [0, 1]


def test_a_second_relation_has_a_new_id_and_empty_databags():
    model = wrote(related(), "postgresql-k8s/0", 2, "postgresql-k8s", {"a": "1"})
    model = idle(operations.remove_relation(idle(model), ["flask-k8s", "postgresql-k8s"]))

    model = idle(operations.integrate(model, "flask-k8s", "postgresql-k8s"))

    assert sorted(model.relations) == [0, 1, 3]
    assert not model.relations[3].applications


def test_removing_an_application_removes_its_units_and_relations():
    model, hooks = run(operations.remove_applications(related(), ["flask-k8s"]))

    assert hooks_of(hooks, "flask-k8s/0") == [
        "db-relation-departed postgresql-k8s/0 departing=flask-k8s/0",
        "db-relation-broken",
        "stop",
        "remove",
    ]
    assert hooks_of(hooks, "postgresql-k8s/0") == [
        "database-relation-departed flask-k8s/0 departing=flask-k8s/0",
        "database-relation-broken",
    ]
    assert list(model.applications) == ["postgresql-k8s"]
    assert list(model.relations) == [1]


def test_scaling_down_names_the_departing_unit_on_all_units():
    model = idle(deployed(empty(), FLASK, units=2))

    model, hooks = run(operations.remove_units(model, "flask-k8s", 1))

    departed = "secret-storage-relation-departed"
    assert hooks_of(hooks, "flask-k8s/0") == [f"{departed} flask-k8s/1 departing=flask-k8s/1"]
    assert hooks_of(hooks, "flask-k8s/1") == [f"{departed} flask-k8s/0 departing=flask-k8s/1", "stop", "remove"]
    assert list(model.applications["flask-k8s"].units) == ["flask-k8s/0"]


def test_a_unit_that_was_never_installed_is_removed_without_hooks():
    model = deployed(empty(), PLAIN)

    model = operations.remove_applications(model, ["plain"])

    assert model.applications == {}


def test_another_unit_becomes_leader_when_the_leader_is_removed():
    model = idle(deployed(empty(), PLAIN, units=2))

    model, hooks = run(remove_unit(model, "plain/0"))

    assert hooks == [("plain/1", "leader-elected")]
    assert model.leads("plain/1")


def test_a_failed_hook_is_retried_with_growing_pauses_before_all_other_hooks():
    model = idle(deployed(empty(), FLASK))
    model = operations.configure(model, "flask-k8s", {"greeting": "x"})
    event = events.Lifecycle(step="config-changed")

    waits: list[float] = []
    for _ in range(9):
        model = hook_commit.fail(hook_commit.begin(model, "flask-k8s/0", event, NOW), "flask-k8s/0", event, NOW)
        retry_at = next_hook.wakes_at(model, "flask-k8s/0")
        assert retry_at is not None
        waits.append(retry_at - NOW)
        model = operations.set_update_status_due(model, "flask-k8s/0")
        assert next_hook.next_event(model, "flask-k8s/0", NOW) is None
        assert next_hook.next_event(model, "flask-k8s/0", retry_at) == event

    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_a_failed_hook_is_retried_with_the_same_event():
    model = idle(deployed(deployed(empty(), FLASK), POSTGRES))
    model = operations.integrate(model, "flask-k8s", "postgresql-k8s")
    model, _ = run(model, ["postgresql-k8s/0"])
    created = next_hook.next_event(model, "flask-k8s/0", NOW)
    assert created is not None

    model = hook_commit.begin(model, "flask-k8s/0", created, NOW)
    model = hook_commit.fail(model, "flask-k8s/0", created, NOW)
    model, _ = operations.resolve(model, "flask-k8s/0", NOW, retry=True)
    model, hooks = run(model)

    assert hooks_of(hooks, "flask-k8s/0")[0] == spelled(created)
    unit = model.unit("flask-k8s/0")
    assert unit is not None
    assert unit.failure is None


def test_an_action_runs_while_a_hook_is_in_error():
    model = idle(deployed(empty(), FLASK))
    event = events.Lifecycle(step="config-changed")
    model = hook_commit.fail(model, "flask-k8s/0", event, NOW)

    model, task = actions.enqueue(model, "flask-k8s/leader", "rotate", {}, NOW)
    model, ran = turn(model, "flask-k8s/0")

    assert ran == events.Run(task=task.id, action="rotate")
    unit = model.unit("flask-k8s/0")
    assert unit is not None
    assert unit.failure is not None


def test_a_failed_hook_waits_for_resolved_if_automatic_retries_are_off():
    model = idle(deployed(operations.configure_model(empty(), {"automatically-retry-hooks": "false"})))
    event = events.Lifecycle(step="config-changed")

    model = hook_commit.fail(model, "plain/0", event, NOW)
    later = next_hook.next_event(model, "plain/0", NOW + 1e9)
    model, _ = operations.resolve(model, "plain/0", NOW, retry=True)

    assert later is None
    assert next_hook.next_event(model, "plain/0", NOW) == event


def test_a_new_pod_runs_upgrade_charm_and_pebble_ready_again():
    model = pod_changes.pebble_started(idle(deployed(empty(), FLASK)), "flask-k8s/0", "app")
    model = idle(model)

    model = pod_changes.pebble_started(pod_changes.new_pod(model, "flask-k8s/0", NOW), "flask-k8s/0", "app")
    _, hooks = run(model)

    assert hooks_of(hooks, "flask-k8s/0") == ["upgrade-charm", "config-changed", "start", "app-pebble-ready"]


def test_a_restart_of_the_daemon_loses_no_event():
    model = operations.configure(related(), "flask-k8s", {"greeting": "x"})
    model = wrote(model, "postgresql-k8s/0", 2, "postgresql-k8s", {"a": "1"})
    event = events.Lifecycle(step="config-changed")
    model = hook_commit.fail(hook_commit.begin(model, "flask-k8s/0", event, NOW), "flask-k8s/0", event, NOW)

    _, hooks = run(pod_changes.new_pod(model, "flask-k8s/0", NOW))

    assert hooks_of(hooks, "flask-k8s/0") == ["upgrade-charm", "config-changed", "start", "db-relation-changed"]


def test_each_notice_and_check_runs_a_hook():
    model = idle(deployed(empty(), FLASK))
    notice = events.Notice(container="app", notice="1", key="example.com/a")
    failed = events.Check(container="app", check="up", outcome="failed")

    for event in (notice, notice, failed, dataclasses.replace(failed, outcome="recovered")):
        model = pod_changes.add_pending_event(model, "flask-k8s/0", event, "")

    assert hooks_of(run(model)[1], "flask-k8s/0") == [
        "app-pebble-custom-notice",
        "app-pebble-custom-notice",
        "app-pebble-check-failed",
        "app-pebble-check-recovered",
    ]


def test_update_status_comes_last_and_runs_once():
    model = operations.set_update_status_due(
        operations.set_update_status_due(idle(deployed(empty(), FLASK)), "flask-k8s/0"), "flask-k8s/0"
    )

    _, hooks = run(operations.configure(model, "flask-k8s", {"greeting": "x"}))

    assert hooks_of(hooks, "flask-k8s/0") == ["config-changed", "update-status"]


def secret(kind: str = "application", **changed: object) -> Secret:
    base = Secret(
        id="s1",
        owner_kind="application",
        owner="postgresql-k8s",
        revisions=(Revision(number=1, content={"key": "a"}), Revision(number=2, content={"key": "b"})),
        grants={"flask-k8s": 2},
    )
    return dataclasses.replace(base, **changed)  # pyright: ignore[reportArgumentType]  # any field


def test_a_new_revision_runs_secret_changed_for_readers_and_secret_remove_for_the_owner():
    model = with_secret(related(), secret(tracking={"flask-k8s/0": Tracking(revision=1)}))

    model, hooks = run(model)
    moved = with_secret(model, dataclasses.replace(model.secrets["s1"], tracking={"flask-k8s/0": Tracking(revision=2)}))
    moved, owner_hooks = run(moved)

    assert hooks == [("flask-k8s/0", "secret-changed")]
    assert owner_hooks == [("postgresql-k8s/0", "secret-remove")]
    assert run(moved)[1] == []


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        pytest.param(1, [], id="the owner"),
        pytest.param(2, [("postgresql-k8s/1", "secret-changed")], id="a peer"),
    ],
)
def test_the_owner_gets_no_secret_changed(units: int, expected: list[tuple[str, str]]):
    model = idle(deployed(empty(), POSTGRES, units=units))
    tracking = {unit.name: Tracking(revision=1) for unit in model.units}

    model = with_secret(model, secret(tracking=tracking))

    assert run(model)[1] == expected


def test_a_reader_with_a_revoked_grant_gets_no_event():
    model = with_secret(related(), secret(tracking={"flask-k8s/0": Tracking(revision=1)}, grants={}))

    assert run(model)[1] == []


def test_a_removed_unit_runs_no_hooks_until_its_pod_has_ended():
    model = idle(deployed(empty(), PLAIN))
    event = events.Lifecycle(step="remove")

    model = hook_commit.begin(operations.remove_applications(model, ["plain"]), "plain/0", event, NOW)
    model = hook_commit.commit(model, HookContext(unit="plain/0", event=event, snapshot=model), NOW)

    unit = model.unit("plain/0")
    assert unit is not None
    assert unit.workload.current == "terminated"
    assert next_hook.next_event(model, "plain/0", NOW) is None


def test_an_interrupted_hook_is_due_again_at_once():
    model = idle(operations.configure(idle(deployed(empty(), FLASK)), "flask-k8s", {}))
    model = operations.configure(model, "flask-k8s", {"greeting": "x"})
    event = events.Lifecycle(step="config-changed")

    model = hook_commit.begin(model, "flask-k8s/0", event, NOW)
    model = hook_commit.interrupted(model, "flask-k8s/0", event, NOW)

    assert next_hook.next_event(model, "flask-k8s/0", NOW) == event


def wrote(model: Model, unit: str, relation: int, owner: str, data: dict[str, str]) -> Model:
    """Return the model after a hook of a unit has written to a databag."""
    event = events.Notice(container="x", notice="1", key="x")
    model = pod_changes.add_pending_event(model, unit, event, "")
    context = HookContext(unit=unit, event=event, snapshot=model)
    return hook_commit.commit(model, writing(context, relation, owner, **data), NOW)
