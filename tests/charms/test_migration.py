"""Tests of migrations: once per image and database, on one unit at a time, before new code starts."""

import dataclasses
import functools
import json
import time
import typing

import ops
import pytest
from flask_scenario import DATABASE, SERVED, Calls, Scenario, environment, peer_of, postgresql, relation
from ops import testing

WORKS = testing.Exec(["python3", "migrate.py"], stdout="migrated\n")
FAILS = testing.Exec(["python3", "migrate.py"], return_code=3, stdout="one\ntwo\nthree\nfour: relation exists\n")


@pytest.fixture(autouse=True)
def migrate(scenario: Scenario) -> None:
    scenario.image_file("migrate.py", "print('migrated')")


def migrations(scenario: Scenario) -> int:
    history = scenario.context().exec_history.get(scenario.container, [])
    return sum(each.command[-1].startswith("migrate") or each.command[-1].endswith("/migrate") for each in history)


def deployed(scenario: Scenario, migration: testing.Exec = WORKS, **changes: typing.Any) -> testing.State:
    state = scenario.state(containers={scenario.workload(execs={SERVED, migration})}, **changes)
    return scenario.run(scenario.context().on.config_changed(), state)


def with_exec(scenario: Scenario, state: testing.State, migration: testing.Exec) -> testing.State:
    (container,) = state.containers
    return dataclasses.replace(state, containers={dataclasses.replace(container, execs=frozenset({SERVED, migration}))})


def started(state: testing.State) -> bool:
    (container,) = state.containers
    return container.service_statuses.get("flask") == ops.pebble.ServiceStatus.ACTIVE


@pytest.mark.parametrize(
    ("files", "command"),
    [
        (["migrate"], ["/flask/app/migrate"]),
        (["migrate", "migrate.sh"], ["bash", "-eo", "pipefail", "migrate.sh"]),
        (["migrate", "migrate.sh", "migrate.py"], ["python3", "migrate.py"]),
    ],
)
def test_the_file_determines_the_command(scenario: Scenario, files: list[str], command: list[str]) -> None:
    (scenario.root / "base/app/migrate.py").unlink()
    for name in files:
        scenario.image_file(name)

    after = deployed(scenario, testing.Exec(command[:1]))

    ran = scenario.context().exec_history[scenario.container][-1]
    assert ran.command == command
    assert (ran.user, ran.group, ran.working_dir) == ("_daemon_", "_daemon_", "/flask/app")
    assert ran.environment["POSTGRESQL_DB_HOSTNAME"] == "pg-primary"
    assert started(after)


def test_it_runs_before_the_new_layer_is_applied(scenario: Scenario, calls: Calls) -> None:
    deployed(scenario)

    acts = [call for call in calls if call.name in {"exec", "add_layer", "replan"}]
    assert [call.name for call in acts] == ["exec", "exec", "add_layer", "replan"]
    assert acts[1].arguments == (["python3", "migrate.py"],)


def test_it_runs_once(scenario: Scenario) -> None:
    state = deployed(scenario)

    for event in (scenario.context().on.update_status(), scenario.context().on.config_changed()):
        state = scenario.run(event, state)
    scenario.run(scenario.context().on.config_changed(), dataclasses.replace(state, config={"greeting": "Hello"}))

    assert migrations(scenario) == 1


def test_a_failover_of_the_database_does_not_run_it_again(scenario: Scenario) -> None:
    state = deployed(scenario)
    database = relation(state)
    moved = dataclasses.replace(database, remote_app_data={**DATABASE, "endpoints": "pg-second:5432"})
    peer = peer_of(state)

    after = scenario.run(
        scenario.context().on.relation_changed(moved), dataclasses.replace(state, relations={peer, moved})
    )

    assert environment(after)["POSTGRESQL_DB_HOSTNAME"] == "pg-second"
    assert migrations(scenario) == 1


def test_a_new_database_runs_it_again(scenario: Scenario) -> None:
    state = deployed(scenario)
    peer = peer_of(state)
    other = postgresql(app={**DATABASE, "endpoints": "pg-other:5432"})

    scenario.run(scenario.context().on.relation_changed(other), dataclasses.replace(state, relations={peer, other}))

    assert migrations(scenario) == 2


def test_a_new_container_of_the_same_image_does_not_run_it_again(scenario: Scenario) -> None:
    state = deployed(scenario)
    scenario.new_container()
    fresh = scenario.workload(execs={SERVED, WORKS})

    after = scenario.run(scenario.context().on.pebble_ready(fresh), dataclasses.replace(state, containers={fresh}))

    assert started(after)
    assert migrations(scenario) == 1


def test_a_new_image_runs_it_again(scenario: Scenario) -> None:
    state = deployed(scenario)
    scenario.new_container()
    scenario.image_file("migrations/002.sql", "alter table")
    fresh = scenario.workload(execs={SERVED, WORKS})

    scenario.run(scenario.context().on.pebble_ready(fresh), dataclasses.replace(state, containers={fresh}))

    assert migrations(scenario) == 2


def test_a_failure_shows_its_last_lines_and_starts_nothing(scenario: Scenario) -> None:
    after = deployed(scenario, FAILS)

    assert after.unit_status == testing.WaitingStatus(
        "migration failed: python3 migrate.py: two | three | four: relation exists (attempt 1; it is tried again at a "
        "later event, at once when the configuration changes)"
    )
    assert not started(after)


def test_a_failure_does_not_change_running_services(scenario: Scenario) -> None:
    state = deployed(scenario)
    peer = peer_of(state)
    other = postgresql(app={**DATABASE, "endpoints": "pg-other:5432"})
    state = with_exec(scenario, dataclasses.replace(state, relations={peer, other}), FAILS)

    after = scenario.run(scenario.context().on.relation_changed(other), state)

    assert started(after)
    assert environment(after)["POSTGRESQL_DB_HOSTNAME"] == "pg-primary"


def test_a_failure_never_shows_a_password(scenario: Scenario) -> None:
    leaks = testing.Exec(["python3", "migrate.py"], return_code=1, stdout="cannot reach postgresql://u:pgPass01@h/d\n")

    after = deployed(scenario, leaks)

    assert "pgPass01" not in after.unit_status.message
    assert "***" in after.unit_status.message


def test_a_password_is_masked_before_the_output_is_cut(scenario: Scenario) -> None:
    leaks = testing.Exec(["python3", "migrate.py"], return_code=1, stdout="pgPass01" + "x" * 296 + "\n")

    after = deployed(scenario, leaks)

    assert "ss01" not in after.unit_status.message


def test_it_is_retried_after_a_pause(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    state = deployed(scenario, FAILS)

    soon = scenario.run(scenario.context().on.update_status(), state)
    tries_soon = migrations(scenario)
    later = time.time() + 60
    monkeypatch.setattr(time, "time", functools.partial(float, later))
    after = scenario.run(scenario.context().on.update_status(), with_exec(scenario, soon, WORKS))

    assert tries_soon == 1
    assert migrations(scenario) == 2
    assert started(after)
    assert after.unit_status == testing.ActiveStatus()


def test_a_changed_option_retries_it_at_once(scenario: Scenario) -> None:
    state = with_exec(scenario, deployed(scenario, FAILS), WORKS)

    after = scenario.run(
        scenario.context().on.config_changed(), dataclasses.replace(state, config={"greeting": "Hello"})
    )

    assert started(after)


def test_blocks_after_three_failures(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    state = deployed(scenario, FAILS)
    for day in (1, 2):
        later = time.time() + day * 86400
        monkeypatch.setattr(time, "time", functools.partial(float, later))
        state = scenario.run(scenario.context().on.update_status(), state)

    assert isinstance(state.unit_status, testing.BlockedStatus)
    assert "(attempt 3;" in state.unit_status.message


def test_a_hook_that_dies_after_the_migration_does_not_repeat_it(scenario: Scenario) -> None:
    before = scenario.state(containers={scenario.workload(execs={SERVED, WORKS})})
    scenario.run(scenario.context().on.config_changed(), before)  # Juju discards the databags of this hook

    scenario.run(scenario.context().on.config_changed(), before)

    assert migrations(scenario) == 1


class TestSeveralUnits:
    """Tests with several units, one of which migrates."""

    @staticmethod
    def follower(scenario: Scenario, app: dict[str, str]) -> testing.State:
        secret = scenario.secret()
        peer = scenario.peer(secret, local_app_data={"flask_secret_key_id": secret.id, **app}, peers_data={0: {}})
        return scenario.state(
            leader=False,
            secrets={secret},
            relations={peer, postgresql(app=DATABASE, local={})},
            containers={scenario.workload(execs={SERVED, WORKS})},
            planned_units=2,
        )

    def test_a_follower_sends_a_request_and_waits(self, scenario: Scenario) -> None:
        after = scenario.run(scenario.context_of(1).on.config_changed(), self.follower(scenario, {}))

        peer = peer_of(after)
        assert after.unit_status == testing.WaitingStatus("waiting for the turn to migrate the database")
        assert peer.local_unit_data["migration-request"]
        assert migrations(scenario) == 0
        assert not started(after)

    def test_a_follower_migrates_in_its_turn_and_records_it(self, scenario: Scenario) -> None:
        requested = scenario.run(scenario.context_of(1).on.config_changed(), self.follower(scenario, {}))
        peer = peer_of(requested)
        fingerprint = peer.local_unit_data["migration-request"]
        granted = dataclasses.replace(
            peer, local_app_data={**peer.local_app_data, "migration-turn": f"flask-k8s/1 {fingerprint}"}
        )
        database = relation(requested)

        after = scenario.run(
            scenario.context().on.relation_changed(granted, remote_unit=0),
            dataclasses.replace(requested, relations={granted, database}),
        )

        noted = after.get_relation(peer.id).local_unit_data
        assert noted["migrated"] == fingerprint
        assert "migration-request" not in noted
        assert started(after)

    def test_a_follower_does_not_repeat_the_leader_s_migration(self, scenario: Scenario) -> None:
        requested = scenario.run(scenario.context_of(1).on.config_changed(), self.follower(scenario, {}))
        peer = peer_of(requested)
        done = dataclasses.replace(
            peer,
            local_app_data={**peer.local_app_data, "migrated": json.dumps([peer.local_unit_data["migration-request"]])},
        )
        database = relation(requested)

        after = scenario.run(
            scenario.context().on.relation_changed(done, remote_unit=0),
            dataclasses.replace(requested, relations={done, database}),
        )

        assert started(after)
        assert migrations(scenario) == 0

    def test_the_leader_grants_one_turn_and_waits(self, scenario: Scenario) -> None:
        secret = scenario.secret()
        app = {"flask_secret_key_id": secret.id, "migration-turn": "flask-k8s/2 abc"}
        peer = scenario.peer(
            secret, local_app_data=app, peers_data={1: {"migration-request": "abc"}, 2: {"migration-request": "abc"}}
        )

        after = deployed(scenario, secrets={secret}, relations={peer, postgresql(app=DATABASE)})

        assert after.unit_status == testing.WaitingStatus("waiting for the turn to migrate the database")
        assert after.get_relation(peer.id).local_app_data["migration-turn"] == "flask-k8s/2 abc"

    def test_the_turn_of_a_removed_unit_passes_to_the_next(self, scenario: Scenario) -> None:
        secret = scenario.secret()
        app = {"flask_secret_key_id": secret.id, "migration-turn": "flask-k8s/7 abc"}
        peer = scenario.peer(secret, local_app_data=app, peers_data={1: {}})

        after = deployed(scenario, secrets={secret}, relations={peer, postgresql(app=DATABASE)})

        assert started(after)
        assert "migration-turn" not in after.get_relation(peer.id).local_app_data

    def test_a_leader_whose_check_has_failed_gives_its_turn_away(
        self, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("time.time", lambda: 0.0)
        failing = testing.Exec(["/bin/python3", "-m", "gunicorn"], return_code=1, stdout="no module named app")
        secret = scenario.secret()
        peer = scenario.peer(secret, peers_data={1: {"migration-request": "abc"}})
        state = scenario.state(
            secrets={secret},
            relations={peer, postgresql(app=DATABASE)},
            containers={scenario.workload(execs={failing, WORKS})},
        )

        failed = scenario.run(scenario.context().on.config_changed(), state)
        after = scenario.run(scenario.context().on.update_status(), failed)

        assert after.unit_status == failed.unit_status
        assert "webserver configuration check failed" in after.unit_status.message
        assert after.get_relation(peer.id).local_app_data["migration-turn"] == "flask-k8s/1 abc"

    def test_a_follower_whose_container_is_down_gives_its_turn_away(self, scenario: Scenario) -> None:
        requested = scenario.run(scenario.context_of(1).on.config_changed(), self.follower(scenario, {}))
        down = dataclasses.replace(requested, containers={dataclasses.replace(scenario.workload(), can_connect=False)})

        after = scenario.run(scenario.context_of(1).on.update_status(), down)

        assert "migration-request" in peer_of(requested).local_unit_data
        assert "migration-request" not in peer_of(after).local_unit_data

    def test_the_leader_records_the_migrations_of_other_units(self, scenario: Scenario) -> None:
        secret = scenario.secret()
        peer = scenario.peer(secret, peers_data={1: {"migrated": "abc"}})

        after = deployed(scenario, secrets={secret}, relations={peer, postgresql(app=DATABASE)})

        assert "abc" in json.loads(after.get_relation(peer.id).local_app_data["migrated"])
