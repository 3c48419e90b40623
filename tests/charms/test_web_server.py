"""Tests of Gunicorn's configuration and worker class: checked first, reloaded only on a change."""

import dataclasses
import json
import typing

import pytest
from ops import testing
from world import IMAGE, SERVED, Calls, World, environment, layer


def commands(world: World) -> list[list[str]]:
    return [list(each.command) for each in world.context().exec_history.get(world.container, [])]


def test_writes_the_configuration_file(world: World) -> None:
    world.run(world.context().on.config_changed(), world.state(config={"webserver-workers": 2, "webserver-timeout": 9}))

    assert world.gunicorn.splitlines()[1:] == [
        'bind = ["0.0.0.0:8000"]',
        'chdir = "/flask/app"',
        'accesslog = "-"',
        'errorlog = "-"',
        'statsd_host = "localhost:9125"',
        "workers = 2",
        "timeout = 9",
    ]


def test_exports_traces_with_a_tracing_integration(world: World) -> None:
    receivers = [{"protocol": {"name": "otlp_http", "type": "http"}, "url": "http://tempo:4318"}]
    tracing = testing.Relation("tracing", remote_app_data={"receivers": json.dumps(receivers)})
    world.meta["requires"]["tracing"] = {"interface": "tracing", "optional": True, "limit": 1}
    settled = world.settled()
    assert "send_traces" not in world.gunicorn

    world.run(
        world.context().on.relation_changed(tracing),
        dataclasses.replace(settled, relations={*settled.relations, tracing}),
    )

    assert world.gunicorn.endswith("\ndef post_worker_init(worker):\n    send_traces(worker.log)\n")
    (line,) = [line for line in world.gunicorn.splitlines() if line.startswith("access_log_format = ")]
    assert line.endswith('\\"%(a)s\\" %({x-request-id}o)s"')


def test_checks_with_the_application_s_environment_and_user(world: World) -> None:
    world.settled()

    (check,) = world.context().exec_history[world.container]
    assert check.command == [
        "/bin/python3", "-m", "gunicorn", "-c", "/flask/gunicorn.conf.py", "app:app", "-k", "sync",
        "-c", "/tmp/flask/state/gunicorn.conf.py", "--check-config",
    ]  # fmt: skip
    assert check.user == "_daemon_"
    assert check.working_dir == "/flask/app"
    assert check.environment["FLASK_SECRET_KEY"] == "generated-key"


def test_a_configuration_that_fails_its_check_is_not_applied(world: World, calls: Calls) -> None:
    settled = world.settled()
    before = world.gunicorn
    refuses = world.workload(
        execs={testing.Exec(["/bin/python3"], return_code=1, stdout="ModuleNotFoundError: No module named 'app'\n")},
        layers=dict(next(iter(settled.containers)).layers),
        service_statuses=next(iter(settled.containers)).service_statuses,
    )
    state = dataclasses.replace(settled, containers={refuses}, config={"webserver-workers": 7})

    after = world.run(world.context().on.config_changed(), state)

    assert after.unit_status == testing.BlockedStatus(
        "webserver configuration check failed, review the options and the application: "
        "ModuleNotFoundError: No module named 'app'"
    )
    assert world.gunicorn == before
    assert "send_signal" not in calls.names()


def test_a_changed_file_reloads(world: World, calls: Calls) -> None:
    settled = world.settled()
    calls.clear()

    after = world.run(
        world.context().on.config_changed(), dataclasses.replace(settled, config={"webserver-workers": 3})
    )

    assert [call.arguments[1] for call in calls if call.name == "send_signal"] == ["flask"]
    assert "replan" not in calls.names()
    assert after.unit_status == testing.ActiveStatus()


def test_a_changed_environment_restarts_and_does_not_reload(world: World, calls: Calls) -> None:
    settled = world.settled()
    calls.clear()
    both = {"greeting": "Hello", "webserver-workers": 3}

    world.run(world.context().on.config_changed(), dataclasses.replace(settled, config=both))

    assert "replan" in calls.names()
    assert "send_signal" not in calls.names()


def test_the_first_start_does_not_reload(world: World, calls: Calls) -> None:
    world.settled()

    assert "send_signal" not in calls.names()


@pytest.mark.parametrize(
    "command",
    [
        "gunicorn 'app:app' -k [ sync ]",
        "gunicorn 'app:app' -k sync",
        "gunicorn --worker-class sync app:app",
    ],
)
def test_the_worker_class_is_replaced_in_the_command(world: World, command: str) -> None:
    state = world.state(
        config={"webserver-worker-class": "gevent"},
        containers={with_command(world, command, execs={testing.Exec(["gunicorn"]), testing.Exec(["python3"])})},
    )

    after = world.run(world.context().on.config_changed(), state)

    (container,) = after.containers
    assert container.plan.services["flask"].command == command.replace("sync", "gevent")
    assert commands(world)[0] == ["python3", "-c", "import gevent"]


def test_blocks_on_gevent_if_the_image_lacks_it(world: World) -> None:
    lacks = testing.Exec(["python3"], return_code=1, stdout="ModuleNotFoundError: No module named 'gevent'")
    state = world.state(config={"webserver-worker-class": "gevent"}, containers={world.workload(execs={SERVED, lacks})})

    after = world.run(world.context().on.config_changed(), state)

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert after.unit_status.message.startswith("option webserver-worker-class is gevent, which the image lacks")


def test_adds_a_worker_class_to_a_command_without_one(world: World) -> None:
    state = world.state(config={"webserver-worker-class": "sync"}, containers={with_command(world, "gunicorn app:app")})

    after = world.run(world.context().on.config_changed(), state)

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert "webserver-worker-class needs a -k argument" in after.unit_status.message


def test_the_charm_s_variables_override_the_image_s(world: World) -> None:
    variables = environment(world.settled())

    assert variables["OF_THE_IMAGE"] == "kept"


def with_command(world: World, command: str, **changes: typing.Any) -> testing.Container:
    services = {**IMAGE, "flask": {**IMAGE["flask"], "command": command}}
    return world.workload(layers={"image": layer(services)}, **changes)
