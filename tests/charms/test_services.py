"""Tests of workers, schedulers, and an application that does not start."""

import dataclasses
import http.server
import json
import pathlib
import socket
import socketserver
import threading
import time
import typing

import ops
import pytest
from flask_scenario import DATABASE, IMAGE, Calls, Failing, Scenario, environment, layer, peer_of, postgresql, relation
from ops import testing
from paas_common.pebble import logs

EXTRA = {
    "mail-Worker": {
        "override": "replace",
        "startup": "enabled",
        "command": "/bin/python3 worker.py",
        "user": "_daemon_",
    },
    "tidy-scheduler": {"override": "replace", "startup": "enabled", "command": "/bin/python3 tidy.py"},
}


def image() -> dict[str, ops.pebble.Layer]:
    return {"image": layer({**IMAGE, **EXTRA})}


def on_unit(scenario: Scenario, unit: int, peers: dict[int, dict[str, str]], planned: int) -> testing.State:
    secret = scenario.secret()
    state = scenario.state(
        leader=unit == 0,
        secrets={secret},
        relations={scenario.peer(secret, peers_data=peers), postgresql(app=DATABASE, local={} if unit else None)},
        containers={scenario.workload(layers=image())},
        planned_units=planned,
    )
    return scenario.run(scenario.context_of(unit).on.config_changed(), state)


def running(state: testing.State) -> set[str]:
    (container,) = state.containers
    return {name for name, status in container.service_statuses.items() if status == ops.pebble.ServiceStatus.ACTIVE}


def test_worker_and_scheduler_get_the_whole_environment(scenario: Scenario) -> None:
    after = on_unit(scenario, 0, {}, 1)

    ours = {name: value for name, value in environment(after).items() if name != "OF_THE_IMAGE"}
    assert environment(after, "mail-Worker") == ours
    assert environment(after, "tidy-scheduler") == ours
    assert running(after) == {"flask", "statsd-exporter", "mail-Worker", "tidy-scheduler"}


def test_other_services_of_the_image_are_not_changed(scenario: Scenario) -> None:
    after = on_unit(scenario, 0, {}, 1)

    (container,) = after.containers
    assert "statsd-exporter" not in container.layers["charm"].services
    assert environment(after, "statsd-exporter") == {}


@pytest.mark.parametrize(
    ("unit", "peers", "planned", "schedules"),
    [
        pytest.param(0, {}, 1, True, id="alone"),
        pytest.param(0, {1: {}, 2: {}}, 3, True, id="lowest"),
        pytest.param(1, {0: {}, 2: {}}, 3, False, id="not the lowest"),
        pytest.param(2, {3: {}}, 2, True, id="the lowest that is left"),
        pytest.param(2, {}, 3, False, id="has not met its peers yet"),
    ],
)
def test_one_unit_runs_the_scheduler(
    scenario: Scenario, unit: int, peers: dict[int, dict[str, str]], planned: int, schedules: bool
) -> None:
    after = on_unit(scenario, unit, peers, planned)

    assert ("tidy-scheduler" in running(after)) is schedules


def test_a_scheduler_is_stopped_on_other_units(scenario: Scenario) -> None:
    state = on_unit(scenario, 2, {}, 1)
    assert "tidy-scheduler" in running(state)
    peer = peer_of(state)
    database = relation(state)
    joined = dataclasses.replace(peer, peers_data={1: {}})

    after = scenario.run(
        scenario.context().on.relation_joined(joined, remote_unit=1),
        dataclasses.replace(state, relations={joined, database}, planned_units=2),
    )

    assert "tidy-scheduler" not in running(after)
    assert "mail-Worker" in running(after)


def test_all_services_stop_without_a_required_integration(scenario: Scenario) -> None:
    settled = on_unit(scenario, 0, {}, 1)
    database = relation(settled)

    after = scenario.run(scenario.context().on.relation_broken(database), settled)

    assert running(after) == {"statsd-exporter"}


class TestHealth:
    """Tests of the health check: an active application answers."""

    @staticmethod
    def with_check(state: testing.State, **look: typing.Any) -> testing.State:
        (container,) = state.containers
        (check,) = container.check_infos
        changed = dataclasses.replace(check, **look)
        return dataclasses.replace(state, containers={dataclasses.replace(container, check_infos={changed})})

    def test_the_layer_has_a_check_of_the_port(self, scenario: Scenario) -> None:
        (container,) = scenario.settled().containers

        check = container.plan.checks["answers"]
        assert (check.level, check.tcp) == (ops.pebble.CheckLevel.READY, {"port": 8000})

    def test_waits_while_the_application_does_not_answer(self, scenario: Scenario) -> None:
        state = self.with_check(scenario.settled(), status=ops.pebble.CheckStatus.DOWN, failures=4)

        after = scenario.run(scenario.context().on.update_status(), state)

        assert after.unit_status == testing.WaitingStatus("flask does not answer on port 8000 yet")

    def test_a_failure_before_the_threshold_does_not_count_because_no_event_announces_its_end(
        self, scenario: Scenario
    ) -> None:
        state = self.with_check(scenario.settled(), status=ops.pebble.CheckStatus.UP, failures=1)

        after = scenario.run(scenario.context().on.update_status(), state)

        assert after.unit_status == testing.ActiveStatus()

    def test_blocks_if_the_application_never_answers(self, scenario: Scenario) -> None:
        state = self.with_check(scenario.settled(), status=ops.pebble.CheckStatus.DOWN, failures=20)

        after = scenario.run(scenario.context().on.update_status(), state)

        assert after.unit_status == testing.BlockedStatus("flask does not answer on port 8000 yet")

    def test_a_start_is_seen_at_the_port_itself(
        self, scenario: Scenario, calls: Calls, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scenario.charm_type, "start_timeout", 30)
        port = free_port()
        scenario.paas_config = f"port: {port}"

        def serve() -> None:
            while "replan" not in calls.names():
                time.sleep(0.01)
            with socket.create_server(("localhost", port)) as server:
                server.accept()[0].close()

        server = threading.Thread(target=serve)
        server.start()
        after = scenario.run(scenario.context().on.config_changed(), scenario.state())
        server.join()

        assert after.unit_status == testing.ActiveStatus()
        assert "get_checks" not in calls.names()

    def test_without_an_answer_in_time_pebble_s_check_decides(
        self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scenario.charm_type, "start_timeout", 0.2)
        scenario.paas_config = f"port: {free_port()}"
        down = ops.pebble.CheckInfo("answers", None, ops.pebble.CheckStatus.DOWN, failures=4)

        def get_checks(_: ops.Container, *__: str) -> dict[str, ops.pebble.CheckInfo]:
            return {"answers": down}

        monkeypatch.setattr(ops.Container, "get_checks", get_checks)

        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert isinstance(after.unit_status, testing.WaitingStatus)

    @pytest.mark.parametrize("event", ["pebble_check_failed", "pebble_check_recovered"])
    def test_check_events_update_the_status(self, scenario: Scenario, event: str) -> None:
        down = event == "pebble_check_failed"
        state = self.with_check(
            scenario.settled(),
            status=ops.pebble.CheckStatus.DOWN if down else ops.pebble.CheckStatus.UP,
            failures=3 if down else 0,
        )
        (container,) = state.containers
        (check,) = container.check_infos

        after = scenario.run(getattr(scenario.context().on, event)(container, check), state)

        assert isinstance(after.unit_status, testing.WaitingStatus if down else testing.ActiveStatus)

    def test_a_pebble_without_a_success_count_works(self, scenario: Scenario) -> None:
        state = self.with_check(scenario.settled(), successes=None)

        after = scenario.run(scenario.context().on.update_status(), state)

        assert after.unit_status == testing.ActiveStatus()

    def test_an_application_that_exits_at_start_shows_its_last_lines(
        self, scenario: Scenario, failing: Failing
    ) -> None:
        with failing("replan", ops.pebble.ChangeError("cannot perform", change_of_a_failed_start())):
            after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert after.unit_status == testing.BlockedStatus(
            "start service \"flask\" failed: import app | KeyError: 'COLOUR' (Pebble goes on trying; see juju "
            "debug-log, and pebble logs in container flask-app)"
        )


def free_port() -> int:
    with socket.create_server(("localhost", 0)) as server:
        return server.getsockname()[1]


def change_of_a_failed_start() -> ops.pebble.Change:
    lines = "INFO Most recent service output:\n    import app\n    KeyError: 'COLOUR'"
    task = {
        "id": "1",
        "kind": "start",
        "summary": 'Start service "flask"',
        "status": "Error",
        "log": [f"2026-11-23T05:00:00Z {lines}", "2026-11-23T05:00:00Z ERROR service start attempt: exited quickly"],
        "progress": {"label": "", "done": 1, "total": 1},
        "spawn-time": "2026-11-23T05:00:00Z",
    }
    change = {
        "id": "1",
        "kind": "replan",
        "summary": "Replan",
        "status": "Error",
        "ready": True,
        "err": "cannot perform the following tasks",
        "tasks": [task],
        "spawn-time": "2026-11-23T05:00:00Z",
    }
    return ops.pebble.Change.from_dict(typing.cast("typing.Any", change))


class TestLogs:
    """Tests of the last log lines of a service."""

    def test_reads_the_log_from_the_socket(self, tmp_path: pathlib.Path) -> None:
        class Pebble(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                assert self.path == "/v1/logs?services=flask&n=2"
                body = "".join(json.dumps({"time": "t", "service": "flask", "message": m}) + "\n" for m in ("a", "b"))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(body.encode())

            def address_string(self) -> str:
                return "unix"

        path = str(tmp_path / "pebble.socket")
        with socketserver.UnixStreamServer(path, Pebble) as server:
            threading.Thread(target=server.handle_request).start()

            assert logs.tail(path, "flask", 2) == ["a", "b"]

    def test_a_line_that_is_not_an_entry_is_left_out(self, tmp_path: pathlib.Path) -> None:
        class Pebble(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                self.wfile.write(
                    b'(... output truncated ...)\n7\n{"service": "flask"}\n{"message": "a"}\n{"message": "b'
                )

            def address_string(self) -> str:
                return "unix"

        path = str(tmp_path / "pebble.socket")
        with socketserver.UnixStreamServer(path, Pebble) as server:
            threading.Thread(target=server.handle_request).start()

            assert logs.tail(path, "flask", 4) == ["a"]

    def test_returns_nothing_without_a_socket(self, tmp_path: pathlib.Path) -> None:
        assert logs.tail(str(tmp_path / "no.socket"), "flask", 2) == []
