"""Tests of databases with TLS: the certificates are a file, and a change restarts the application."""

import dataclasses
import pathlib

import pytest
from ops import testing
from world import DATABASE, Calls, Failing, World, environment, peer_of, postgresql, relation

CA = "-----BEGIN CERTIFICATE-----\nMIIBexample\n-----END CERTIFICATE-----\n"
OTHER_CA = CA.replace("MIIBexample", "MIIBanother")
SECURED = {**DATABASE, "tls": "True", "tls-ca": CA}
FILE = "/tmp/flask/state/postgresql/ca.pem"


def file(world: World) -> pathlib.Path:
    return world.root / "tmp/state/postgresql/ca.pem"


def of(world: World, databag: dict[str, str]) -> testing.State:
    secret = world.secret()
    return world.settled(relations={world.peer(secret), postgresql(app=databag)}, secrets={secret})


def changed(world: World, state: testing.State, databag: dict[str, str]) -> testing.State:
    database = dataclasses.replace(relation(state), remote_app_data=databag)
    state = dataclasses.replace(state, relations={peer_of(state), database})
    return world.run(world.context().on.relation_changed(database), state)


def starts(calls: Calls) -> list[tuple[str, tuple[object, ...]]]:
    return [(call.name, call.arguments) for call in calls if call.name in {"replan", "restart", "send_signal"}]


def test_the_environment_has_the_path_of_the_certificates(world: World) -> None:
    after = of(world, SECURED)

    variables = environment(after)
    assert file(world).read_text() == CA
    assert variables["POSTGRESQL_DB_TLS_CA_FILE"] == FILE
    assert (variables["PGSSLMODE"], variables["PGSSLROOTCERT"]) == ("verify-ca", FILE)
    assert variables["POSTGRESQL_DB_CONNECT_STRING"].endswith("@pg-primary:5432/flask-k8s")


def test_the_certificates_may_be_in_a_secret(world: World) -> None:
    secret, tls = world.secret(), testing.Secret({"tls": "True", "tls-ca": CA})
    relations = {world.peer(secret), postgresql(app={**DATABASE, "secret-tls": tls.id})}

    after = world.settled(relations=relations, secrets={secret, tls})

    assert environment(after)["POSTGRESQL_DB_TLS"] == "true"
    assert file(world).read_text() == CA


def test_a_second_endpoint_has_its_own_file(world: World) -> None:
    world.meta["requires"]["orders-db"] = dict(world.meta["requires"]["postgresql"])
    secret = world.secret()
    other = postgresql(app={**SECURED, "tls-ca": OTHER_CA}, endpoint="orders-db")

    after = world.settled(relations={world.peer(secret), postgresql(app=SECURED), other}, secrets={secret})

    variables, other_file = environment(after), "/tmp/flask/state/orders-db/ca.pem"
    assert variables["ORDERS_DB_TLS_CA_FILE"] == other_file
    assert variables["ORDERS_DB_QUERY"] == f"sslmode=verify-ca&sslrootcert={other_file}"
    assert variables["POSTGRESQL_DB_QUERY"] == f"sslmode=verify-ca&sslrootcert={FILE}"
    assert not [name for name in variables if name.startswith("PG")]
    assert (world.root / "tmp/state/orders-db/ca.pem").read_text() == OTHER_CA
    assert file(world).read_text() == CA


def test_new_certificates_restart_the_application_once(world: World, calls: Calls) -> None:
    state = of(world, SECURED)
    before = environment(state)
    calls.clear()

    after = changed(world, state, {**SECURED, "tls-ca": OTHER_CA})
    world.run(world.context().on.update_status(), after)

    assert file(world).read_text() == OTHER_CA
    assert environment(after) == before
    assert starts(calls) == [("restart", ("flask",))]


def test_the_same_certificates_again_change_nothing(world: World, calls: Calls) -> None:
    state = of(world, SECURED)
    calls.clear()

    changed(world, state, SECURED)

    assert starts(calls) == []
    assert "push" not in calls.names()


@pytest.mark.parametrize("without", [DATABASE, {**DATABASE, "tls": "False", "tls-ca": ""}])
def test_the_end_of_tls_removes_everything(world: World, calls: Calls, without: dict[str, str]) -> None:
    state = of(world, SECURED)
    calls.clear()

    after = changed(world, state, without)

    assert not file(world).exists()
    assert not [name for name in environment(after) if "TLS" in name or name.startswith("PG")]
    assert environment(after)["POSTGRESQL_DB_QUERY"] == ""
    assert starts(calls) == [("replan", ())]


def test_a_failover_with_the_same_data_has_the_same_environment(world: World, calls: Calls) -> None:
    state = of(world, SECURED)
    failed_over = changed(world, state, {**SECURED, "endpoints": "pg-second:5432"})
    assert environment(failed_over)["POSTGRESQL_DB_HOSTNAME"] == "pg-second"

    after = changed(world, failed_over, SECURED)
    calls.clear()
    again = changed(world, after, SECURED)

    assert list(environment(after).items()) == list(environment(state).items())
    assert environment(again) == environment(state)
    assert starts(calls) == []


@pytest.mark.parametrize(
    ("call", "databag"), [("restart", {**SECURED, "tls-ca": OTHER_CA}), ("push", {**SECURED, "tls-ca": OTHER_CA})]
)
def test_an_error_with_new_certificates_is_repaired(
    world: World, calls: Calls, failing: Failing, call: str, databag: dict[str, str]
) -> None:
    state = of(world, SECURED)

    with failing(call, OSError("broken pipe")):
        failed = changed(world, state, databag)
    calls.clear()
    after = world.run(world.context().on.update_status(), failed)

    assert isinstance(failed.unit_status, testing.WaitingStatus)
    assert starts(calls) == [("restart", ("flask",))]
    assert file(world).read_text() == OTHER_CA
    assert after.unit_status == testing.ActiveStatus()


def test_an_error_while_removing_the_file_is_repaired(world: World, failing: Failing) -> None:
    state = of(world, SECURED)

    with failing("remove_path", OSError("broken pipe")):
        failed = changed(world, state, DATABASE)
    world.run(world.context().on.update_status(), failed)

    assert isinstance(failed.unit_status, testing.WaitingStatus)
    assert not file(world).exists()
