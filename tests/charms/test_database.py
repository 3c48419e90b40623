"""Tests of database relations: variables and statuses."""

import sys
import typing

import pytest
from flask_scenario import DATABASE, Scenario, environment, layer, postgresql
from ops import testing


def config_changed(scenario: Scenario, *databases: testing.Relation, **changes: typing.Any) -> testing.State:
    secret = scenario.secret()
    return scenario.run(
        scenario.context().on.config_changed(),
        scenario.state(relations={scenario.peer(secret), *databases}, secrets={secret}, **changes),
    )


def test_blocks_while_a_required_database_is_not_integrated(scenario: Scenario) -> None:
    after = config_changed(scenario)

    assert after.unit_status == testing.BlockedStatus(
        "missing integrations: postgresql (juju integrate flask-k8s postgresql-k8s)"
    )


def test_waits_for_an_integrated_database(scenario: Scenario) -> None:
    after = config_changed(scenario, postgresql())

    assert after.unit_status == testing.WaitingStatus("waiting for postgresql-k8s to provide postgresql")


def test_does_not_wait_for_an_optional_database(scenario: Scenario) -> None:
    scenario.meta["requires"]["postgresql"]["optional"] = True

    after = config_changed(scenario, postgresql())

    assert after.unit_status == testing.ActiveStatus()
    assert not [name for name in environment(after) if name.startswith("POSTGRESQL")]


def test_waits_until_a_secret_can_be_read(scenario: Scenario) -> None:
    app = {"endpoints": "pg:5432", "database": "d", "secret-user": "secret:d1ehcifmp25c76e01vhg"}

    after = config_changed(scenario, postgresql(app=app))

    assert after.unit_status == testing.WaitingStatus("waiting for postgresql-k8s to provide postgresql")


@pytest.mark.parametrize("port", ["none", "70000", "0", ""])
def test_blocks_on_an_invalid_port(scenario: Scenario, port: str) -> None:
    after = config_changed(scenario, postgresql(app={**DATABASE, "endpoints": f"pg:{port}"}))

    assert after.unit_status == testing.BlockedStatus(
        "Invalid postgresql relation data from postgresql-k8s: "
        "endpoints (must be host:port, with a port from 1 to 65535 and IPv6 addresses in brackets)"
    )


@pytest.mark.parametrize("uris", ["not a url", "postgresql://[half:5432/db"])
def test_blocks_on_an_invalid_address(scenario: Scenario, uris: str) -> None:
    after = config_changed(scenario, postgresql(app={"uris": uris}))

    assert after.unit_status == testing.BlockedStatus(
        "Invalid postgresql relation data from postgresql-k8s: uris (must be a URL)"
    )


def test_uses_the_requested_name_of_a_database_without_a_name(scenario: Scenario) -> None:
    unnamed = {key: value for key, value in DATABASE.items() if key != "database"}

    variables = environment(config_changed(scenario, postgresql(app=unnamed)))

    assert variables["POSTGRESQL_DB_NAME"] == "flask-k8s"
    assert variables["POSTGRESQL_DB_CONNECT_STRING"].endswith("@pg-primary:5432/flask-k8s")


@pytest.mark.parametrize(("endpoints", "right"), [("[fd00::5]:5432", True), ("fd00::5:5432", False)])
def test_an_ipv6_address_of_a_database_is_in_brackets(scenario: Scenario, endpoints: str, right: bool) -> None:
    after = config_changed(scenario, postgresql(app={**DATABASE, "endpoints": endpoints}))

    assert isinstance(after.unit_status, testing.ActiveStatus if right else testing.BlockedStatus)


def test_the_status_has_all_reasons_with_the_worst_first(scenario: Scenario) -> None:
    after = config_changed(
        scenario, postgresql(), config={"flask-env": ""}, containers={scenario.workload(can_connect=False)}
    )

    assert after.unit_status == testing.BlockedStatus(
        "invalid options: flask-env (string should have at least 1 character); "
        "waiting for postgresql-k8s to provide postgresql; Waiting for pebble ready"
    )


def test_the_endpoint_may_have_any_name(scenario: Scenario) -> None:
    scenario.meta["requires"]["store"] = scenario.meta["requires"].pop("postgresql")

    after = config_changed(scenario, postgresql(app=DATABASE, endpoint="store"))

    assert environment(after)["POSTGRESQL_DB_HOSTNAME"] == "pg-primary"


def test_a_second_endpoint_has_variables_with_its_own_prefix(scenario: Scenario) -> None:
    scenario.meta["requires"]["orders-db"] = dict(scenario.meta["requires"]["postgresql"])

    after = config_changed(
        scenario,
        postgresql(app=DATABASE),
        postgresql(app={**DATABASE, "endpoints": "pg-orders:5432"}, endpoint="orders-db"),
    )

    assert environment(after)["POSTGRESQL_DB_HOSTNAME"] == "pg-primary"
    assert environment(after)["ORDERS_DB_HOSTNAME"] == "pg-orders"


def test_the_advice_names_the_missing_one_of_two_endpoints(scenario: Scenario) -> None:
    scenario.meta["requires"]["orders-db"] = dict(scenario.meta["requires"]["postgresql"])

    after = config_changed(scenario, postgresql(app=DATABASE))

    assert after.unit_status == testing.BlockedStatus(
        "missing integrations: orders-db (juju integrate flask-k8s:orders-db postgresql-k8s)"
    )


def test_the_library_is_imported_only_for_a_related_endpoint(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "charms.data_platform_libs.v0.data_interfaces"
    monkeypatch.delitem(sys.modules, name, raising=False)

    config_changed(scenario)
    without = name in sys.modules
    config_changed(scenario, postgresql())

    assert (without, name in sys.modules) == (False, True)


def test_blocks_without_the_library_of_ingress(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "charms.traefik_k8s.v2.ingress", None)
    ingress = testing.Relation("ingress", interface="ingress", remote_app_name="traefik-k8s")

    after = config_changed(scenario, postgresql(app=DATABASE), ingress)

    assert after.unit_status == testing.BlockedStatus(
        "integration ingress needs the charm library charms.traefik_k8s.v2.ingress, which the charm "
        "lacks (charmcraft fetch-libs, then pack and refresh the charm)"
    )


@pytest.mark.parametrize("image", [{}, {"other": {"override": "replace", "command": "x"}}])
def test_blocks_on_an_image_without_the_service(scenario: Scenario, image: dict[str, dict[str, str]]) -> None:
    after = config_changed(
        scenario, postgresql(app=DATABASE), containers={scenario.workload(layers={"image": layer(image)})}
    )

    has = ", ".join(image) or "none"
    assert after.unit_status == testing.BlockedStatus(
        f"the image has no service flask (it has: {has}); build it with rockcraft's flask-framework extension"
    )


def test_the_port_is_opened(scenario: Scenario) -> None:
    after = config_changed(scenario, postgresql(app=DATABASE))

    assert after.opened_ports == {testing.TCPPort(8000)}
