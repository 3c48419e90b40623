import dataclasses
from pathlib import Path

from model_builders import FLASK, NOW, POSTGRES, deployed, empty, idle
from paas_local.controller.storage import Line, State
from paas_local.juju import actions, events, go_values, hook_commit, operations, pod_changes
from paas_local.juju.model import Model, Revision, Secret, Tracking, with_secret


def rich() -> Model:
    """Hold something of everything that a model can hold."""
    model = idle(deployed(deployed(empty(), FLASK, units=2), POSTGRES))
    model = idle(operations.integrate(model, "flask-k8s", "postgresql-k8s"))
    model = operations.configure(model, "flask-k8s", {"debug": "true", "workers": "1", "ratio": "1.0"})
    model, _ = actions.enqueue(model, "flask-k8s/0", "rotate", {"name": "a", "deep": {"x": [1]}}, NOW)
    secret = Secret(
        id="s1",
        owner_kind="unit",
        owner="flask-k8s/0",
        revisions=(Revision(number=1, content={"key": "v"}),),
        grants={"postgresql-k8s": 2},
        tracking={"flask-k8s/0": Tracking(revision=1, label="l")},
        retired=frozenset({4}),
    )
    for event in (
        events.Notice(container="app", notice="1", key="a.b/c"),
        events.Check(container="app", check="up", outcome="failed"),
    ):
        model = pod_changes.add_pending_event(model, "flask-k8s/1", event, "")
    failed = events.Related(relation=2, endpoint="db", change="joined", application="b", unit="b/0")
    model = hook_commit.fail(model, "flask-k8s/0", failed, NOW)
    manual = operations.configure_model(model, {"automatically-retry-hooks": "false"})
    return with_secret(hook_commit.fail(manual, "flask-k8s/1", failed, NOW), secret)


def test_a_stored_model_equals_the_original(tmp_path: Path):
    state = State(tmp_path / "state.db")
    state.save([rich()])
    state.close()

    reopened = State(tmp_path / "state.db")
    models = reopened.models()
    reopened.close()

    assert models == {"demo": rich()}
    assert type(models["demo"].applications["flask-k8s"].config["debug"]) is bool
    assert type(models["demo"].applications["flask-k8s"].config["workers"]) is int
    assert type(models["demo"].applications["flask-k8s"].config["ratio"]) is float


def test_a_stored_event_has_the_same_kind(tmp_path: Path):
    kinds: list[events.Event] = [
        events.Lifecycle(step="start"),
        events.Related(relation=2, endpoint="db", change="joined", application="b", unit="b/0"),
        events.PebbleReady(container="app", start=2),
        events.Notice(container="app", notice="1", key="a.b/c"),
        events.Check(container="app", check="up", outcome="recovered"),
        events.SecretStep(secret="s1", becomes="remove", revision=3),
        events.Storage(storage="data/0"),
        events.Run(task=4, action="rotate"),
    ]
    state = State(tmp_path / "state.db")
    for event in kinds:
        model = idle(deployed(empty(), FLASK))
        unit = model.unit("flask-k8s/0")
        assert unit is not None
        pending_events = dataclasses.replace(unit, pending_events=(event,), running=event)
        application = dataclasses.replace(model.applications["flask-k8s"], units={unit.name: pending_events})
        state.save([dataclasses.replace(model, applications={"flask-k8s": application})])
        read = state.models()["demo"].unit("flask-k8s/0")
        assert read is not None
        assert read.pending_events == (event,)
        assert read.running == event
    state.close()


def test_log_lines_are_read_from_a_number_on(tmp_path: Path):
    state = State(tmp_path / "state.db")
    for number in range(5):
        line = Line(time=NOW, entity="unit-a-0", level="INFO", module="m", message=str(number))
        state.append("demo", line)
        state.append("other", line)

    everything = list(state.lines("demo", 0))
    later = [line.message for _, line in state.lines("demo", everything[2][0])]
    state.prune()
    state.remove("demo")
    left = list(state.lines("demo", 0))
    state.close()

    assert [line.message for _, line in everything] == ["0", "1", "2", "3", "4"]
    assert later == ["3", "4"]
    assert left == []


def test_durations_in_gos_notation():
    assert [go_values.seconds(text) for text in ("5m", "1m30s", "1.5h", "10ms", "5", "", "x")] == [
        300,
        90,
        5400,
        0.01,
        None,
        None,
        None,
    ]
