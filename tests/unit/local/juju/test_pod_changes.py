"""A pod that outlives its controller: the hooks and tasks that ran, and the notices."""

from model_builders import FLASK, NOW, deployed, empty, idle
from paas_local.juju import actions, events, hook_commit, next_hook, pod_changes
from paas_local.juju.model import Model, Unit, named_unit

UNIT = "flask-k8s/0"
NOTICE = events.Notice(container="app", notice="1", key="example.com/a")


def unit(model: Model) -> Unit:
    return named_unit(model, UNIT)


def test_a_pod_that_was_taken_over_has_no_hook_due():
    model = idle(deployed(empty(), FLASK))

    assert pod_changes.pod_taken_over(model, UNIT, NOW) == model


def test_the_hook_that_the_controller_ran_stays_due():
    model = pod_changes.pebble_started(idle(deployed(empty(), FLASK)), UNIT, "app")
    event = events.PebbleReady(container="app", start=1)
    assert next_hook.next_event(model, UNIT, NOW) == event

    after = pod_changes.pod_taken_over(hook_commit.begin(model, UNIT, event, NOW), UNIT, NOW)

    assert next_hook.next_event(after, UNIT, NOW) == event
    assert unit(after).running is None
    assert unit(after).agent.current == "idle"


def test_a_task_that_the_controller_ran_has_failed():
    model, task = actions.enqueue(idle(deployed(empty(), FLASK)), UNIT, "rotate", {}, NOW)
    model = hook_commit.begin(model, UNIT, events.Run(task=task.id, action="rotate"), NOW)

    after = pod_changes.pod_taken_over(model, UNIT, NOW)

    assert (after.tasks[task.id].status, after.tasks[task.id].message) == ("failed", "action terminated")
    assert next_hook.next_event(after, UNIT, NOW) is None


def test_the_time_of_the_last_notice_is_known_as_long_as_its_pebble_runs():
    model = idle(deployed(empty(), FLASK))
    assert unit(model).notices_until == {}

    model = pod_changes.pebble_started(model, UNIT, "app")
    assert unit(model).notices_until == {"app": ""}

    model = pod_changes.add_pending_event(model, UNIT, NOTICE, "2026-11-28T15:00:00Z")
    assert unit(model).notices_until == {"app": "2026-11-28T15:00:00Z"}

    assert unit(pod_changes.container_ended(model, UNIT, "app")).notices_until == {}
    assert unit(pod_changes.new_pod(model, UNIT, NOW)).notices_until == {}
