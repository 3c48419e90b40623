"""The built-in PostgreSQL charm, with the real library and a server that only answers."""

import json
from pathlib import Path
from typing import Any

import ops
import providers
import pytest
import recorded_answers
from ops import testing
from paas_local.providers.common.clients import Client
from paas_local.providers.postgresql_k8s.charm.src import postgresql

PROGRAM = ["/bin/python3", "/postgresql/pg.py"]
REQUESTED = ["username", "password", "tls", "tls-ca", "uris", "read-only-uris"]
REQUEST = {"database": "flask-k8s", "requested-secrets": json.dumps(REQUESTED), "provided-secrets": '["mtls-cert"]'}
PRIMARY = "postgresql-k8s-primary.demo.svc.cluster.local:5432"


@pytest.fixture
def context(charm_libs: Path, answering: list[bool], monkeypatch: pytest.MonkeyPatch) -> testing.Context[ops.CharmBase]:
    """Load the charm; its server takes connections."""
    monkeypatch.setattr(providers.charm_type("postgresql-k8s"), "patience", 0)
    return providers.context("postgresql-k8s")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a storage with an initialised data folder."""
    folder = tmp_path / "18"
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n")
    (folder / "pg_hba.conf").write_text("as initdb writes it\n")
    return tmp_path


def answers(*users: int, version: str = "18.4") -> testing.Exec:
    """Build the answer of the server to every query."""
    lines = [version, *(f"relation_id_{user}" for user in users)]
    return testing.Exec([*PROGRAM, "psql"], stdout="\n".join(lines))


def container(data: Path, *execs: testing.Exec, **more: Any) -> testing.Container:
    mounts = {"data": testing.Mount(location="/var/lib/pg/data", source=data)}
    fields: dict[str, Any] = {"can_connect": True, "mounts": mounts, "execs": {*execs} or {answers()}, **more}
    return testing.Container("postgresql", **fields)


def client(number: int = 7, **more: Any) -> testing.Relation:
    fields: dict[str, Any] = {"remote_app_name": "flask-k8s", "remote_app_data": REQUEST, **more}
    return testing.Relation("database", interface="postgresql_client", id=number, **fields)


def statements(context: testing.Context[ops.CharmBase]) -> list[str]:
    """Return the SQL of the last event."""
    return [str(call.stdin or "") for call in context.exec_history["postgresql"] if "psql" in call.command]


def content(after: testing.State, uri: str) -> dict[str, str]:
    return dict(after.get_secret(id=uri).latest_content or {})


def test_starts_the_server(context: testing.Context[ops.CharmBase], data: Path):
    server = container(data)

    after = context.run(context.on.pebble_ready(server), providers.state(server))

    assert after.unit_status == testing.ActiveStatus("Primary")
    service = after.get_container("postgresql").plan.services["postgresql"]
    assert service.command.startswith("/bin/python3 /postgresql/pg.py postgres -D /var/lib/pg/data/18 ")
    assert after.get_container("postgresql").service_statuses["postgresql"] is ops.pebble.ServiceStatus.ACTIVE
    assert after.workload_version == "18.4"
    assert after.opened_ports == {testing.TCPPort(5432)}


def test_lets_the_pods_in_with_passwords(context: testing.Context[ops.CharmBase], data: Path):
    server = container(data)

    context.run(context.on.pebble_ready(server), providers.state(server))

    access = (data / "18" / "pg_hba.conf").read_text()
    assert "host all all 10.152.0.0/16 scram-sha-256\n" in access
    assert "reject" not in access


def test_initialises_the_database_under_another_name(context: testing.Context[ops.CharmBase], tmp_path: Path):
    execs = testing.Exec([*PROGRAM, "initdb"]), testing.Exec(["mv"]), answers()
    server = container(tmp_path, *execs)

    context.run(context.on.pebble_ready(server), providers.state(server))

    assert testing.MaintenanceStatus("initialising the database") in context.unit_status_history
    commands = [call.command for call in context.exec_history["postgresql"]]
    assert commands[0][:5] == [*PROGRAM, "initdb", "-D", "/var/lib/pg/data/18.new"]
    assert commands[1] == ["mv", "/var/lib/pg/data/18.new", "/var/lib/pg/data/18"]


def test_a_failed_initialisation_is_in_the_status(context: testing.Context[ops.CharmBase], tmp_path: Path):
    failing = testing.Exec([*PROGRAM, "initdb"], return_code=1, stderr="what\ninitdb: error: no space left")
    server = container(tmp_path, failing)

    after = context.run(context.on.pebble_ready(server), providers.state(server))

    words = "initialising the database failed: initdb: error: no space left"
    assert after.unit_status == testing.WaitingStatus(words)


@pytest.mark.parametrize("event", ["config_changed", "update_status", "leader_elected"])
def test_waits_for_the_container(event: str, context: testing.Context[ops.CharmBase], data: Path):
    server = container(data, can_connect=False)

    after = context.run(getattr(context.on, event)(), providers.state(server, client()))

    assert after.unit_status == testing.WaitingStatus("waiting for the container")


def test_waits_for_a_server_that_does_not_answer(context: testing.Context[ops.CharmBase], data: Path):
    server = container(data, testing.Exec([*PROGRAM, "psql"], return_code=2, stderr="refused"))

    after = context.run(context.on.update_status(), providers.state(server, client()))

    assert after.unit_status == testing.WaitingStatus("waiting for the server to answer: refused")


def test_other_units_wait_as_replicas_are_not_supported(context: testing.Context[ops.CharmBase], data: Path):
    server = container(data)

    after = context.run(context.on.pebble_ready(server), providers.state(server, leader=False))

    assert after.unit_status == testing.WaitingStatus("replicas are not supported")
    assert not after.get_container("postgresql").plan.services


@pytest.mark.parametrize("event", ["relation_changed", "update_status"])
def test_a_client_gets_a_user_and_a_database(event: str, context: testing.Context[ops.CharmBase], data: Path):
    relation, server = client(), container(data)
    occurred = context.on.relation_changed(relation) if event == "relation_changed" else context.on.update_status()

    after = context.run(occurred, providers.state(server, relation))

    databag = after.get_relation(7).local_app_data
    assert (databag["database"], databag["version"], databag["endpoints"]) == ("flask-k8s", "18.4", PRIMARY)
    assert databag["read-only-endpoints"] == "postgresql-k8s-replicas.demo.svc.cluster.local:5432"
    assert not {"username", "password", "uris", "tls"} & databag.keys()
    user = content(after, databag["secret-user"])
    assert user["username"] == "relation_id_7"
    assert user["uris"] == f"postgresql://relation_id_7:{user['password']}@{PRIMARY}/flask-k8s"
    assert content(after, databag["secret-tls"]) == {"tls": "False"}
    (_, sql) = statements(context)
    assert user["password"] in sql
    assert "'CREATE DATABASE %I OWNER %I', 'flask-k8s', 'flask-k8s_owner'" in sql


def test_an_answer_has_the_keys_of_the_real_one(context: testing.Context[ops.CharmBase], data: Path):
    relation = client(remote_app_data=recorded_answers.request("postgresql_client-data_interfaces-59"))

    after = context.run(context.on.relation_changed(relation), providers.state(container(data), relation))

    recorded_answers.check_keys(after.get_relation(7), "postgresql_client-data_interfaces-59")


def test_a_client_without_secrets_gets_plain_values(context: testing.Context[ops.CharmBase], data: Path):
    relation, server = client(remote_app_data={"database": "flask-k8s"}), container(data)

    after = context.run(context.on.relation_changed(relation), providers.state(server, relation))

    assert after.get_relation(7).local_app_data["username"] == "relation_id_7"


def test_a_client_without_a_request_gets_nothing(context: testing.Context[ops.CharmBase], data: Path):
    relation, server = client(remote_app_data={}), container(data)

    after = context.run(context.on.relation_changed(relation), providers.state(server, relation))

    assert not after.get_relation(7).local_app_data.keys() - {"data"}
    assert len(statements(context)) == 1


def served(context: testing.Context[ops.CharmBase], data: Path) -> testing.State:
    relation, server = client(), container(data)
    return context.run(context.on.relation_changed(relation), providers.state(server, relation))


def now(before: testing.State, server: testing.Container) -> testing.State:
    """Replace the container in a state."""
    changed = testing.Container(
        "postgresql",
        can_connect=True,
        layers=before.get_container("postgresql").layers,
        service_statuses=before.get_container("postgresql").service_statuses,
        mounts=server.mounts,
        execs=server.execs,
        check_infos=before.get_container("postgresql").check_infos,
    )
    return testing.State(
        leader=True,
        containers={changed},
        relations=before.relations,
        secrets=before.secrets,
        model=before.model,
        opened_ports=before.opened_ports,
    )


@pytest.mark.parametrize("event", ["relation_changed", "update_status", "config_changed", "upgrade_charm"])
def test_an_event_that_changes_nothing_changes_nothing(event: str, context: testing.Context[ops.CharmBase], data: Path):
    before = now(served(context, data), container(data, answers(7)))
    written = (data / "18" / "pg_hba.conf").stat().st_mtime_ns
    relation = before.get_relation(7)
    occurred = context.on.relation_changed(relation) if event == "relation_changed" else getattr(context.on, event)()

    context.exec_history.clear()
    after = context.run(occurred, before)

    assert after.get_relation(7).local_app_data == relation.local_app_data
    assert after.secrets == before.secrets
    assert len(statements(context)) == 1
    assert (data / "18" / "pg_hba.conf").stat().st_mtime_ns == written


def test_a_lost_user_comes_back_with_its_password(context: testing.Context[ops.CharmBase], data: Path):
    before = now(served(context, data), container(data, answers()))
    password = content(before, before.get_relation(7).local_app_data["secret-user"])["password"]

    context.exec_history.clear()
    after = context.run(context.on.update_status(), before)

    assert password in statements(context)[1]
    assert after.secrets == before.secrets


def test_a_user_with_an_unpublished_password_gets_a_new_one(context: testing.Context[ops.CharmBase], data: Path):
    relation, server = client(), container(data, answers(7))

    after = context.run(context.on.relation_changed(relation), providers.state(server, relation))

    password = content(after, after.get_relation(7).local_app_data["secret-user"])["password"]
    assert statements(context)[1] == postgresql.removal([7])
    assert f"LOGIN PASSWORD %L', 'relation_id_7', '{password}'" in statements(context)[2]


def test_the_user_of_a_removed_relation_cannot_log_in(context: testing.Context[ops.CharmBase], data: Path):
    before = now(served(context, data), container(data, answers(7)))

    context.exec_history.clear()
    after = context.run(context.on.relation_broken(before.get_relation(7)), before)

    assert statements(context)[1:] == [postgresql.removal([7])]
    assert after.unit_status == testing.ActiveStatus("Primary")


def test_the_user_of_a_relation_removed_earlier_cannot_log_in(context: testing.Context[ops.CharmBase], data: Path):
    server = container(data, answers(7))

    context.run(context.on.update_status(), providers.state(server, client(9)))

    assert statements(context)[1] == postgresql.removal([7])


def test_two_clients_get_a_user_each(context: testing.Context[ops.CharmBase], data: Path):
    one, two, server = client(7), client(8, remote_app_name="other"), container(data, answers(7))

    after = context.run(context.on.relation_changed(two), providers.state(server, one, two))

    names = {
        relation.id: content(after, relation.local_app_data["secret-user"])["username"]
        for relation in (after.get_relation(7), after.get_relation(8))
    }
    assert names == {7: "relation_id_7", 8: "relation_id_8"}


def test_a_client_cannot_get_a_database_of_the_server(context: testing.Context[ops.CharmBase], data: Path):
    relation, server = client(remote_app_data={**REQUEST, "database": "postgres"}), container(data)

    after = context.run(context.on.relation_changed(relation), providers.state(server, relation, client(8)))

    assert "endpoints" not in after.get_relation(7).local_app_data
    assert "endpoints" in after.get_relation(8).local_app_data

    words = "a client asks for the database postgres, which belongs to the server itself"
    assert after.unit_status == testing.BlockedStatus(words)


def test_names_are_quoted():
    sql = postgresql.creation(Client(relation=1, database="o'brien\"", password="p'w"))

    assert "'o''brien\"'" in sql
    assert "'p''w'" in sql


def test_all_users_of_a_database_act_as_its_owner():
    sql = postgresql.creation(Client(relation=1, database="notes", password="x", prefix=postgresql.USER_PREFIX))

    assert "format('ALTER ROLE %I IN DATABASE %I SET role = %L', 'relation_id_1', 'notes', 'notes_owner')" in sql


def test_an_action_shows_the_password_of_the_administrator(context: testing.Context[ops.CharmBase], data: Path):
    server = container(data)
    action = context.on.action("get-password", params={"username": "operator"})

    after = context.run(action, providers.state(server))
    first = dict(context.action_results or {})
    (sql,) = statements(context)
    context.run(action, after)

    assert first["username"] == "operator"
    assert f"'ALTER ROLE %I PASSWORD %L', 'operator', '{first['password']}'" in sql
    assert context.action_results == first


def test_an_action_changes_the_password_of_the_administrator(context: testing.Context[ops.CharmBase], data: Path):
    params = {"username": "operator", "password": "it's mine"}

    after = context.run(context.on.action("set-password", params=params), providers.state(container(data)))
    (sql,) = statements(context)
    context.run(context.on.action("get-password", params={"username": "operator"}), after)

    assert "'it''s mine'" in sql
    assert context.action_results == params


def test_other_users_have_no_password_to_show(context: testing.Context[ops.CharmBase], data: Path):
    with pytest.raises(testing.ActionFailed, match=r"^no user relation_id_7 \(must be operator\)$"):
        context.run(
            context.on.action("get-password", params={"username": "relation_id_7"}), providers.state(container(data))
        )


def test_an_action_names_the_primary(context: testing.Context[ops.CharmBase], data: Path):
    context.run(context.on.action("get-primary"), providers.state(container(data)))

    assert context.action_results == {"primary": "postgresql-k8s/0"}


def test_options_are_settings_of_the_server(context: testing.Context[ops.CharmBase], data: Path):
    server = container(data)

    after = context.run(context.on.config_changed(), providers.state(server, config={"memory_work_mem": 8192}))

    command = after.get_container("postgresql").plan.services["postgresql"].command
    assert command.endswith(" -c listen_addresses=* -c work_mem=8192")


def test_a_switch_is_a_setting_of_the_server(context: testing.Context[ops.CharmBase], data: Path):
    config = {"logging_log_lock_waits": True}

    after = context.run(context.on.config_changed(), providers.state(container(data), config=config))

    assert after.get_container("postgresql").plan.services["postgresql"].command.endswith(" -c log_lock_waits=true")


def test_an_option_adds_an_extension_to_the_databases_of_clients(context: testing.Context[ops.CharmBase], data: Path):
    state = providers.state(container(data), client(), client(8), config={"plugin_vector_enable": True})

    context.run(context.on.config_changed(), state)

    extension = '\\connect "flask-k8s"\nCREATE EXTENSION IF NOT EXISTS vector;'
    assert statements(context)[-1] == extension


def test_an_option_out_of_range_blocks(context: testing.Context[ops.CharmBase], data: Path):
    config = {"memory_work_mem": 1}

    after = context.run(context.on.config_changed(), providers.state(container(data), config=config))

    assert after.unit_status == testing.BlockedStatus("invalid option memory_work_mem (must be from 64 to 2147483647)")
