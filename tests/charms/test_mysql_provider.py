"""The built-in MySQL charm, with the real library and a server that only answers."""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import ops
import providers
import pytest
import recorded_answers
from ops import testing
from paas_local.providers.common.clients import Client
from paas_local.providers.mysql_k8s.charm.src import mysql

REQUEST = {"database": "orders", "requested-secrets": json.dumps(["username", "password", "uris"])}
PRIMARY = "mysql-k8s-primary.demo.svc.cluster.local:3306"


@pytest.fixture
def context(charm_libs: Path, monkeypatch: pytest.MonkeyPatch) -> testing.Context[ops.CharmBase]:
    """Load the charm; its server takes connections."""
    loaded = providers.context("mysql-k8s")
    shared: Any = sys.modules["provider"]

    def answers(port: int, patience: float) -> bool:
        return True

    monkeypatch.setattr(shared, "answers", answers)
    return loaded


def server(*users: str) -> testing.Container:
    """Let the server have these users, whatever it is values."""
    output = "\n".join(["10.11.19-MariaDB-0+deb12u1", *users])
    return testing.Container("mysql", can_connect=True, execs={testing.Exec(["mariadb"], stdout=output)})


def client(number: int = 7, **values: str) -> testing.Relation:
    return testing.Relation(
        "database", interface="mysql_client", id=number, remote_app_name="web", remote_app_data={**REQUEST, **values}
    )


def statements(context: testing.Context[ops.CharmBase]) -> list[str]:
    """Return the SQL of the last event, without the query for the users."""
    return [str(call.stdin) for call in context.exec_history["mysql"]][1:]


def login(after: testing.State, number: int = 7) -> dict[str, str]:
    secret = after.get_relation(number).local_app_data["secret-user"]
    return dict(after.get_secret(id=secret).latest_content or {})


def test_a_client_gets_a_user_and_a_database(context: testing.Context[ops.CharmBase]):
    relation = client()

    after = context.run(context.on.relation_changed(relation), providers.state(server(), relation))

    assert after.unit_status == testing.ActiveStatus()
    assert after.workload_version == "10.11.19"
    databag = after.get_relation(7).local_app_data
    assert (databag["database"], databag["endpoints"], databag["version"]) == ("orders", PRIMARY, "10.11.19")
    assert databag["read-only-endpoints"] == "mysql-k8s-replicas.demo.svc.cluster.local:3306"
    assert login(after)["username"] == "relation-7"
    (sql,) = statements(context)
    assert f"CREATE OR REPLACE USER 'relation-7'@'%' IDENTIFIED BY '{login(after)['password']}';" in sql
    assert not any(login(after)["password"] in word for call in context.exec_history["mysql"] for word in call.command)


def test_an_answer_has_the_keys_of_the_real_one(context: testing.Context[ops.CharmBase]):
    relation = dataclasses.replace(
        client(), remote_app_data=recorded_answers.request("mysql_client-data_interfaces-59")
    )

    after = context.run(context.on.relation_changed(relation), providers.state(server(), relation))

    recorded_answers.check_keys(after.get_relation(7), "mysql_client-data_interfaces-59")


def test_a_client_without_a_request_gets_nothing(context: testing.Context[ops.CharmBase]):
    relation = testing.Relation("database", interface="mysql_client", id=7, remote_app_name="web")

    after = context.run(context.on.relation_changed(relation), providers.state(server(), relation))

    assert not after.get_relation(7).local_app_data.keys() - {"data"}
    assert not statements(context)


def test_an_event_that_changes_nothing_changes_nothing(context: testing.Context[ops.CharmBase]):
    relation = client()
    served = context.run(context.on.relation_changed(relation), providers.state(server(), relation))
    before = _with(served, server("relation-7", "root"))

    context.exec_history.clear()
    after = context.run(context.on.update_status(), before)

    assert not statements(context)
    assert after.relations == before.relations
    assert after.secrets == before.secrets


def test_a_lost_user_comes_back_with_its_password(context: testing.Context[ops.CharmBase]):
    relation = client()
    served = context.run(context.on.relation_changed(relation), providers.state(server(), relation))

    context.exec_history.clear()
    after = context.run(context.on.update_status(), _with(served, server()))

    assert login(served)["password"] in statements(context)[0]
    assert after.secrets == served.secrets


def test_a_user_with_an_unpublished_password_is_created_again(context: testing.Context[ops.CharmBase]):
    relation = client()

    after = context.run(context.on.relation_changed(relation), providers.state(server("relation-7"), relation))

    assert statements(context)[0] == mysql.removal([7])
    assert login(after)["password"] in statements(context)[1]


def test_the_user_of_a_removed_relation_is_removed(context: testing.Context[ops.CharmBase]):
    relation = client()

    context.run(context.on.relation_broken(relation), providers.state(server("relation-7", "relation-9"), relation))

    assert statements(context) == [mysql.removal([7, 9])]


def test_a_client_cannot_get_a_database_of_the_server(context: testing.Context[ops.CharmBase]):
    bad, good = client(7, database="mysql"), client(8)

    after = context.run(context.on.relation_changed(bad), providers.state(server(), bad, good))

    words = "a client asks for the database mysql, which belongs to the server itself"
    assert after.unit_status == testing.BlockedStatus(words)
    assert "endpoints" not in after.get_relation(7).local_app_data
    assert "endpoints" in after.get_relation(8).local_app_data


def test_an_error_of_the_server_is_in_the_status(context: testing.Context[ops.CharmBase]):
    failing = testing.Exec(["mariadb"], return_code=1, stderr="ERROR 1046 (3D000): No database selected\n")
    container = testing.Container("mysql", can_connect=True, execs={failing})

    after = context.run(context.on.update_status(), providers.state(container, client()))

    words = "the server refuses a change: ERROR 1046 (3D000): No database selected"
    assert after.unit_status == testing.WaitingStatus(words)


def test_names_are_quoted():
    sql = mysql.creation(Client(relation=1, database="o`brien_x", password="p'w"))

    assert "CREATE DATABASE IF NOT EXISTS `o``brien_x` " in sql
    assert r"ON `o``brien\_x`.* TO 'relation-1'" in sql
    assert "IDENTIFIED BY 'p''w'" in sql


def _with(before: testing.State, container: testing.Container) -> testing.State:
    """Replace the container in a state."""
    known = before.get_container("mysql")
    changed = testing.Container(
        "mysql",
        can_connect=True,
        layers=known.layers,
        service_statuses=known.service_statuses,
        execs=container.execs,
    )
    return providers.state(changed, *before.relations, secrets=before.secrets, opened_ports=before.opened_ports)


def test_an_action_shows_the_password_of_the_administrator(context: testing.Context[ops.CharmBase]):
    container = testing.Container("mysql", can_connect=True, execs={testing.Exec(["mariadb"])})

    context.run(context.on.action("get-password", params={"username": "root"}), providers.state(container))

    results = dict(context.action_results or {})
    (call,) = context.exec_history["mysql"]
    assert results["username"] == "root"
    assert f"CREATE OR REPLACE USER 'root'@'%' IDENTIFIED BY '{results['password']}';" in str(call.stdin)
    assert not any(results["password"] in word for word in call.command)


def test_an_option_sets_the_number_of_connections(context: testing.Context[ops.CharmBase]):
    config = {"experimental-max-connections": 50}

    after = context.run(context.on.config_changed(), providers.state(server(), config=config))

    assert after.get_container("mysql").plan.services["mysql"].command.endswith(" --max-connections=50")


def test_too_few_connections_block(context: testing.Context[ops.CharmBase]):
    config = {"experimental-max-connections": 1}

    after = context.run(context.on.config_changed(), providers.state(server(), config=config))

    reason = "invalid option experimental-max-connections (must be from 10 to 100000)"
    assert after.unit_status == testing.BlockedStatus(reason)
