import pytest
from model_builders import FLASK, NOW, deployed, empty, idle
from paas_local.juju import actions, operations, pod_changes
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model


def model() -> Model:
    return idle(deployed(empty(), FLASK))


def test_operations_and_tasks_share_one_counter():
    first, task = actions.enqueue(model(), "flask-k8s/leader", "rotate", {}, NOW)
    _, other = actions.enqueue(first, "flask-k8s/0", "rotate", {}, NOW)

    assert (task.id, task.unit, other.id) == (2, "flask-k8s/0", 4)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        pytest.param({}, "'name' is a required property", id="missing"),
        pytest.param({"name": 3}, "name: 3 is not of type 'string'", id="type"),
        pytest.param({"name": "a", "level": True}, "level: True is not of type 'integer'", id="bool"),
        pytest.param(
            {"name": "a", "x": 1}, "Additional properties are not allowed ('x' was unexpected)", id="additional"
        ),
    ],
)
def test_parameters_must_match_the_schema(params: dict[str, object], message: str):
    with pytest.raises(JujuError) as raised:
        actions.enqueue(model(), "flask-k8s/0", "backup", params, NOW)

    assert raised.value.message == f'validation failed: action "backup" on unit "flask-k8s/0": {message}'


def test_an_unknown_action_is_an_error():
    with pytest.raises(actions.UnscheduledError) as raised:
        actions.enqueue(model(), "flask-k8s/0", "nope", {}, NOW)

    assert raised.value.message == 'action "nope" not defined on unit "flask-k8s/0"'


def test_a_crash_fails_an_action_but_not_a_command():
    updated, task = actions.enqueue(model(), "flask-k8s/0", "rotate", {}, NOW)
    updated, command = actions.enqueue_command(updated, "flask-k8s/0", ["false"], NOW)

    updated = actions.begin(updated, task.id, NOW)
    updated = actions.finish(updated, task.id, actions.Exit(code=1, stderr="Traceback"), NOW)
    updated = actions.finish(updated, command.id, actions.Exit(code=1), NOW)

    shown = actions.document(updated.tasks[task.id])["flask-k8s/0"]
    assert shown["status"] == "failed"
    assert shown["message"] == "exit status 1"
    assert shown["results"] == {"stderr": "Traceback", "return-code": 1}
    assert sorted(shown["timing"]) == ["completed", "enqueued", "started"]
    assert actions.document(updated.tasks[command.id])["flask-k8s/0"]["status"] == "completed"


def test_losing_the_pod_fails_a_running_task():
    updated, task = actions.enqueue(model(), "flask-k8s/0", "rotate", {}, NOW)

    updated = pod_changes.new_pod(actions.begin(updated, task.id, NOW), "flask-k8s/0", NOW)

    assert updated.tasks[task.id].message == "action terminated"


def test_removing_the_unit_fails_its_tasks():
    updated, task = actions.enqueue(model(), "flask-k8s/0", "rotate", {}, NOW)

    updated = operations.remove_units_by_force(updated, ["flask-k8s"])

    assert (updated.tasks[task.id].status, updated.tasks[task.id].message) == ("failed", "unit flask-k8s/0 is gone")
