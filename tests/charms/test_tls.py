"""Tests of databases with TLS: the certificates are a file, and a change restarts the application."""

import dataclasses
import pathlib

import pytest
from flask_scenario import DATABASE, Calls, Failing, Scenario, environment, peer_of, postgresql, relation
from ops import testing

CA = "-----BEGIN CERTIFICATE-----\nMIIBexample\n-----END CERTIFICATE-----\n"
OTHER_CA = CA.replace("MIIBexample", "MIIBanother")
SECURED = {**DATABASE, "tls": "True", "tls-ca": CA}
FILE = "/tmp/flask/state/postgresql/ca.pem"


def file(scenario: Scenario) -> pathlib.Path:
    return scenario.root / "tmp/state/postgresql/ca.pem"


def of(scenario: Scenario, databag: dict[str, str]) -> testing.State:
    secret = scenario.secret()
    return scenario.settled(relations={scenario.peer(secret), postgresql(app=databag)}, secrets={secret})


def changed(scenario: Scenario, state: testing.State, databag: dict[str, str]) -> testing.State:
    database = dataclasses.replace(relation(state), remote_app_data=databag)
    state = dataclasses.replace(state, relations={peer_of(state), database})
    return scenario.run(scenario.context().on.relation_changed(database), state)


def starts(calls: Calls) -> list[tuple[str, tuple[object, ...]]]:
    return [(call.name, call.arguments) for call in calls if call.name in {"replan", "restart", "send_signal"}]


def test_the_environment_has_the_path_of_the_certificates(scenario: Scenario) -> None:
    after = of(scenario, SECURED)

    variables = environment(after)
    assert file(scenario).read_text() == CA
    assert variables["POSTGRESQL_DB_TLS_CA_FILE"] == FILE
    assert (variables["PGSSLMODE"], variables["PGSSLROOTCERT"]) == ("verify-ca", FILE)
    assert variables["POSTGRESQL_DB_CONNECT_STRING"].endswith("@pg-primary:5432/flask-k8s")


def test_the_certificates_may_be_in_a_secret(scenario: Scenario) -> None:
    secret, tls = scenario.secret(), testing.Secret({"tls": "True", "tls-ca": CA})
    relations = {scenario.peer(secret), postgresql(app={**DATABASE, "secret-tls": tls.id})}

    after = scenario.settled(relations=relations, secrets={secret, tls})

    assert environment(after)["POSTGRESQL_DB_TLS"] == "true"
    assert file(scenario).read_text() == CA


def test_a_second_endpoint_has_its_own_file(scenario: Scenario) -> None:
    scenario.meta["requires"]["orders-db"] = dict(scenario.meta["requires"]["postgresql"])
    secret = scenario.secret()
    other = postgresql(app={**SECURED, "tls-ca": OTHER_CA}, endpoint="orders-db")

    after = scenario.settled(relations={scenario.peer(secret), postgresql(app=SECURED), other}, secrets={secret})

    variables, other_file = environment(after), "/tmp/flask/state/orders-db/ca.pem"
    assert variables["ORDERS_DB_TLS_CA_FILE"] == other_file
    assert variables["ORDERS_DB_QUERY"] == f"sslmode=verify-ca&sslrootcert={other_file}"
    assert variables["POSTGRESQL_DB_QUERY"] == f"sslmode=verify-ca&sslrootcert={FILE}"
    assert not [name for name in variables if name.startswith("PG")]
    assert (scenario.root / "tmp/state/orders-db/ca.pem").read_text() == OTHER_CA
    assert file(scenario).read_text() == CA


def test_new_certificates_restart_the_application_once(scenario: Scenario, calls: Calls) -> None:
    state = of(scenario, SECURED)
    before = environment(state)
    calls.clear()

    after = changed(scenario, state, {**SECURED, "tls-ca": OTHER_CA})
    scenario.run(scenario.context().on.update_status(), after)

    assert file(scenario).read_text() == OTHER_CA
    assert environment(after) == before
    assert starts(calls) == [("restart", ("flask",))]


def test_the_same_certificates_again_change_nothing(scenario: Scenario, calls: Calls) -> None:
    state = of(scenario, SECURED)
    calls.clear()

    changed(scenario, state, SECURED)

    assert starts(calls) == []
    assert "push" not in calls.names()


@pytest.mark.parametrize("without", [DATABASE, {**DATABASE, "tls": "False", "tls-ca": ""}])
def test_the_end_of_tls_removes_everything(scenario: Scenario, calls: Calls, without: dict[str, str]) -> None:
    state = of(scenario, SECURED)
    calls.clear()

    after = changed(scenario, state, without)

    assert not file(scenario).exists()
    assert not [name for name in environment(after) if "TLS" in name or name.startswith("PG")]
    assert environment(after)["POSTGRESQL_DB_QUERY"] == ""
    assert starts(calls) == [("replan", ())]


def test_a_failover_with_the_same_data_has_the_same_environment(scenario: Scenario, calls: Calls) -> None:
    state = of(scenario, SECURED)
    failed_over = changed(scenario, state, {**SECURED, "endpoints": "pg-second:5432"})
    assert environment(failed_over)["POSTGRESQL_DB_HOSTNAME"] == "pg-second"

    after = changed(scenario, failed_over, SECURED)
    calls.clear()
    again = changed(scenario, after, SECURED)

    assert list(environment(after).items()) == list(environment(state).items())
    assert environment(again) == environment(state)
    assert starts(calls) == []


@pytest.mark.parametrize(
    ("call", "databag"), [("restart", {**SECURED, "tls-ca": OTHER_CA}), ("push", {**SECURED, "tls-ca": OTHER_CA})]
)
def test_an_error_with_new_certificates_is_repaired(
    scenario: Scenario, calls: Calls, failing: Failing, call: str, databag: dict[str, str]
) -> None:
    state = of(scenario, SECURED)

    with failing(call, OSError("broken pipe")):
        failed = changed(scenario, state, databag)
    calls.clear()
    after = scenario.run(scenario.context().on.update_status(), failed)

    assert isinstance(failed.unit_status, testing.WaitingStatus)
    assert starts(calls) == [("restart", ("flask",))]
    assert file(scenario).read_text() == OTHER_CA
    assert after.unit_status == testing.ActiveStatus()


def test_an_error_while_removing_the_file_is_repaired(scenario: Scenario, failing: Failing) -> None:
    state = of(scenario, SECURED)

    with failing("remove_path", OSError("broken pipe")):
        failed = changed(scenario, state, DATABASE)
    scenario.run(scenario.context().on.update_status(), failed)

    assert isinstance(failed.unit_status, testing.WaitingStatus)
    assert not file(scenario).exists()
