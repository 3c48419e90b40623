"""Tests of Gunicorn's configuration and worker class: checked first, reloaded only on a change."""

import dataclasses
import json
import typing

import pytest
from flask_scenario import IMAGE, SERVED, Calls, Scenario, environment, layer
from ops import testing


def commands(scenario: Scenario) -> list[list[str]]:
    return [list(each.command) for each in scenario.context().exec_history.get(scenario.container, [])]


def test_writes_the_configuration_file(scenario: Scenario) -> None:
    scenario.run(
        scenario.context().on.config_changed(), scenario.state(config={"webserver-workers": 2, "webserver-timeout": 9})
    )

    assert scenario.gunicorn.splitlines()[1:] == [
        'bind = ["0.0.0.0:8000"]',
        'chdir = "/flask/app"',
        'accesslog = "-"',
        'errorlog = "-"',
        'statsd_host = "localhost:9125"',
        "workers = 2",
        "timeout = 9",
    ]


def test_exports_traces_with_a_tracing_integration(scenario: Scenario) -> None:
    receivers = [{"protocol": {"name": "otlp_http", "type": "http"}, "url": "http://tempo:4318"}]
    tracing = testing.Relation("tracing", remote_app_data={"receivers": json.dumps(receivers)})
    scenario.meta["requires"]["tracing"] = {"interface": "tracing", "optional": True, "limit": 1}
    settled = scenario.settled()
    assert "send_traces" not in scenario.gunicorn

    scenario.run(
        scenario.context().on.relation_changed(tracing),
        dataclasses.replace(settled, relations={*settled.relations, tracing}),
    )

    assert scenario.gunicorn.endswith("\ndef post_worker_init(worker):\n    send_traces(worker.log)\n")
    (line,) = [line for line in scenario.gunicorn.splitlines() if line.startswith("access_log_format = ")]
    assert line.endswith('\\"%(a)s\\" %({x-request-id}o)s"')


def test_checks_with_the_application_s_environment_and_user(scenario: Scenario) -> None:
    scenario.settled()

    (check,) = scenario.context().exec_history[scenario.container]
    assert check.command == [
        "/bin/python3", "-m", "gunicorn", "-c", "/flask/gunicorn.conf.py", "app:app", "-k", "sync",
        "-c", "/tmp/flask/state/gunicorn.conf.py", "--check-config",
    ]  # fmt: skip
    assert check.user == "_daemon_"
    assert check.working_dir == "/flask/app"
    assert check.environment["FLASK_SECRET_KEY"] == "generated-key"


def test_a_configuration_that_fails_its_check_is_not_applied(scenario: Scenario, calls: Calls) -> None:
    settled = scenario.settled()
    before = scenario.gunicorn
    refuses = scenario.workload(
        execs={testing.Exec(["/bin/python3"], return_code=1, stdout="ModuleNotFoundError: No module named 'app'\n")},
        layers=dict(next(iter(settled.containers)).layers),
        service_statuses=next(iter(settled.containers)).service_statuses,
    )
    state = dataclasses.replace(settled, containers={refuses}, config={"webserver-workers": 7})

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert after.unit_status == testing.BlockedStatus(
        "webserver configuration check failed, review the options and the application: "
        "ModuleNotFoundError: No module named 'app'"
    )
    assert scenario.gunicorn == before
    assert "send_signal" not in calls.names()


def test_a_changed_file_reloads(scenario: Scenario, calls: Calls) -> None:
    settled = scenario.settled()
    calls.clear()

    after = scenario.run(
        scenario.context().on.config_changed(), dataclasses.replace(settled, config={"webserver-workers": 3})
    )

    assert [call.arguments[1] for call in calls if call.name == "send_signal"] == ["flask"]
    assert "replan" not in calls.names()
    assert after.unit_status == testing.ActiveStatus()


def test_a_changed_environment_restarts_and_does_not_reload(scenario: Scenario, calls: Calls) -> None:
    settled = scenario.settled()
    calls.clear()
    both = {"greeting": "Hello", "webserver-workers": 3}

    scenario.run(scenario.context().on.config_changed(), dataclasses.replace(settled, config=both))

    assert "replan" in calls.names()
    assert "send_signal" not in calls.names()


def test_the_first_start_does_not_reload(scenario: Scenario, calls: Calls) -> None:
    scenario.settled()

    assert "send_signal" not in calls.names()


@pytest.mark.parametrize(
    "command",
    [
        "gunicorn 'app:app' -k [ sync ]",
        "gunicorn 'app:app' -k sync",
        "gunicorn --worker-class sync app:app",
    ],
)
def test_the_worker_class_is_replaced_in_the_command(scenario: Scenario, command: str) -> None:
    state = scenario.state(
        config={"webserver-worker-class": "gevent"},
        containers={with_command(scenario, command, execs={testing.Exec(["gunicorn"]), testing.Exec(["python3"])})},
    )

    after = scenario.run(scenario.context().on.config_changed(), state)

    (container,) = after.containers
    assert container.plan.services["flask"].command == command.replace("sync", "gevent")
    assert commands(scenario)[0] == ["python3", "-c", "import gevent"]


def test_blocks_on_gevent_if_the_image_lacks_it(scenario: Scenario) -> None:
    lacks = testing.Exec(["python3"], return_code=1, stdout="ModuleNotFoundError: No module named 'gevent'")
    state = scenario.state(
        config={"webserver-worker-class": "gevent"}, containers={scenario.workload(execs={SERVED, lacks})}
    )

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert after.unit_status.message.startswith("option webserver-worker-class is gevent, which the image lacks")


def test_adds_a_worker_class_to_a_command_without_one(scenario: Scenario) -> None:
    state = scenario.state(
        config={"webserver-worker-class": "sync"}, containers={with_command(scenario, "gunicorn app:app")}
    )

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert "webserver-worker-class needs a -k argument" in after.unit_status.message


def test_the_charm_s_variables_override_the_image_s(scenario: Scenario) -> None:
    variables = environment(scenario.settled())

    assert variables["OF_THE_IMAGE"] == "kept"


def with_command(scenario: Scenario, command: str, **changes: typing.Any) -> testing.Container:
    services = {**IMAGE, "flask": {**IMAGE["flask"], "command": command}}
    return scenario.workload(layers={"image": layer(services)}, **changes)
