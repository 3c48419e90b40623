import pytest
from model_builders import FLASK, NOW, deployed, empty, settled
from paas_local.juju import actions, operations
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model


def model() -> Model:
    return settled(deployed(empty(), FLASK))


def test_operations_and_tasks_count_together():
    first, task = actions.enqueue(model(), "flask-k8s/leader", "rotate", {}, NOW)
    _, other = actions.enqueue(first, "flask-k8s/0", "rotate", {}, NOW)

    assert (task.id, task.unit, other.id) == (2, "flask-k8s/0", 4)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        pytest.param({}, "'name' is a required property", id="missing"),
        pytest.param({"name": 3}, "name: 3 is not of type 'string'", id="type"),
        pytest.param({"name": "a", "level": True}, "level: True is not of type 'integer'", id="bool"),
        pytest.param(
            {"name": "a", "x": 1}, "Additional properties are not allowed ('x' was unexpected)", id="additional"
        ),
    ],
)
def test_parameters_are_checked(params: dict[str, object], words: str):
    with pytest.raises(JujuError) as refused:
        actions.enqueue(model(), "flask-k8s/0", "backup", params, NOW)

    assert refused.value.message == f'validation failed: action "backup" on unit "flask-k8s/0": {words}'


def test_an_unknown_action_is_refused():
    with pytest.raises(JujuError) as refused:
        actions.enqueue(model(), "flask-k8s/0", "nope", {}, NOW)

    assert refused.value.message == 'action "nope" not defined on unit "flask-k8s/0"'


def test_a_crash_is_a_failure_and_a_commands_exit_is_not():
    where, task = actions.enqueue(model(), "flask-k8s/0", "rotate", {}, NOW)
    where, command = actions.enqueue_command(where, "flask-k8s/0", ["false"], NOW)

    where = actions.begin(where, task.id, NOW)
    where = actions.finish(where, task.id, actions.Exit(code=1, stderr="Traceback"), NOW)
    where = actions.finish(where, command.id, actions.Exit(code=1), NOW)

    shown = actions.document(where.tasks[task.id])["flask-k8s/0"]
    assert shown["status"] == "failed"
    assert shown["message"] == "exit status 1"
    assert shown["results"] == {"stderr": "Traceback", "return-code": 1}
    assert sorted(shown["timing"]) == ["completed", "enqueued", "started"]
    assert actions.document(where.tasks[command.id])["flask-k8s/0"]["status"] == "completed"


def test_a_task_whose_pod_is_gone_has_failed():
    where, task = actions.enqueue(model(), "flask-k8s/0", "rotate", {}, NOW)

    where = operations.new_pod(actions.begin(where, task.id, NOW), "flask-k8s/0", NOW)

    assert where.tasks[task.id].message == "action terminated"


def test_a_task_of_a_unit_that_goes_has_failed():
    where, task = actions.enqueue(model(), "flask-k8s/0", "rotate", {}, NOW)

    where = operations.remove_units_by_force(where, ["flask-k8s"])

    assert (where.tasks[task.id].status, where.tasks[task.id].message) == ("failed", "unit flask-k8s/0 is gone")
