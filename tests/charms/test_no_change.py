"""Tests that an event without a change does nothing."""

import collections
import dataclasses
import importlib
import re
import typing

import pytest
from flask_scenario import Calls, Scenario, healthy, relation, stopped
from ops import testing
from scenario import mocking
from test_integrations import example_named, relation_of, replaced, state_of

EVERYTHING = (
    "postgresql-secret", "mysql-secret", "mongodb-secret", "redis", "valkey", "s3", "saml", "rabbitmq-k8s",
    "smtp-secret", "tracing", "openfga", "http-proxy", "ingress",
)  # fmt: skip

LOOKS = {"get_checks", "get_plan", "get_services", "pull"}


def events(scenario: Scenario, state: testing.State) -> typing.Iterator[tuple[str, object]]:
    on = scenario.context().on
    (container,) = state.containers
    database = relation(state)
    yield "config-changed", on.config_changed()
    yield "update-status", on.update_status()
    yield "pebble-ready", on.pebble_ready(container)
    yield "leader-elected", on.leader_elected()
    yield "upgrade-charm", on.upgrade_charm()
    yield "relation-changed", on.relation_changed(database)
    yield "start", on.start()


def test_an_event_without_a_change_does_nothing(scenario: Scenario, calls: Calls) -> None:
    settled = scenario.settled()
    database = relation(settled)
    settled = scenario.run(
        scenario.context().on.relation_changed(database), settled
    )  # the library records the relation data

    for name, event in events(scenario, settled):
        scenario.context().unit_status_history.clear()
        calls.clear()
        after = scenario.run(event, settled)

        assert LOOKS.issuperset(calls.names()), name
        assert after.unit_status == testing.ActiveStatus(), name
        assert scenario.context().unit_status_history == [], name
        assert after.relations == settled.relations, name
        assert after.containers == settled.containers, name
        assert after.secrets == settled.secrets, name


def test_each_fact_is_read_once(scenario: Scenario, calls: Calls) -> None:
    settled = scenario.settled()
    calls.clear()

    scenario.run(scenario.context().on.update_status(), settled)

    assert sorted(calls.names()) == ["get_checks", "get_plan", "get_services", "pull", "pull"]


def test_the_status_is_maintenance_while_the_application_restarts(scenario: Scenario) -> None:
    settled = scenario.settled()
    scenario.context().unit_status_history.clear()

    changed = dataclasses.replace(settled, config={"greeting": "Good evening"})
    after = scenario.run(scenario.context().on.config_changed(), changed)

    assert scenario.context().unit_status_history == [
        testing.ActiveStatus(), testing.MaintenanceStatus("restarting flask")
    ]  # fmt: skip
    assert after.unit_status == testing.ActiveStatus()


def test_a_unit_that_is_not_active_keeps_its_reason_while_the_application_starts(scenario: Scenario) -> None:
    settled = scenario.settled()
    reason = testing.BlockedStatus("start service flask failed")
    scenario.context().unit_status_history.clear()

    after = scenario.run(
        scenario.context().on.update_status(), dataclasses.replace(stopped(settled), unit_status=reason)
    )

    assert scenario.context().unit_status_history == [reason]
    assert after.unit_status == testing.ActiveStatus()


def test_the_application_status_is_left_to_juju(scenario: Scenario) -> None:
    settled = scenario.settled()

    assert settled.app_status == testing.UnknownStatus()


def unit_databags(reads: list[str]) -> list[str]:
    """Return the endpoints of the unit databags that were read."""
    calls = (re.search(r"^relation_get \(\d+, '[^']*/\d+'.*'relation_name', '([^']*)'", call) for call in reads)
    return sorted(call[1] for call in calls if call)


def test_each_fact_is_read_once_with_every_integration(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = [example_named(name) for name in EVERYTHING]
    first, *others = examples
    secrets = {uri: content for each in examples for uri, content in each["secrets"].items()}
    state = state_of(scenario, replaced(first, also_related=others, secrets=secrets), relation_of(first))
    settled = healthy(scenario.run(scenario.context().on.config_changed(), state))
    settled = scenario.run(scenario.context().on.update_status(), settled)
    reads: list[str] = []
    backend_type = mocking._MockModelBackend  # pyright: ignore[reportPrivateUsage]  it represents the hook tools

    def watch(name: str) -> None:
        real = getattr(backend_type, name)

        def watched(backend: object, *args: object, **kwargs: object) -> object:
            reads.append(f"{name} {args} {sorted(kwargs.items())}")
            return real(backend, *args, **kwargs)

        monkeypatch.setattr(backend_type, name, watched)

    for name in (
        "relation_get",
        "relation_list",
        "relation_ids",
        "relation_set",
        "secret_get",
        "status_set",
    ):
        watch(name)
    after = scenario.run(scenario.context().on.update_status(), settled)

    assert after.unit_status == testing.ActiveStatus()
    twice = {call: count for call, count in collections.Counter(reads).items() if count > 1}
    assert twice == {}
    assert not [call for call in reads if call.startswith("relation_set")]
    assert unit_databags(reads) == ["ingress", "rabbitmq", "redis", "secret-storage"]


def test_the_ingress_library_is_called_while_its_databags_differ(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = importlib.import_module("charms.traefik_k8s.v2.ingress").IngressPerAppRequirer
    real, ports = library.provide_ingress_requirements, list[int]()

    def provide(requirer: object, *, port: int) -> None:
        ports.append(port)
        real(requirer, port=port)

    monkeypatch.setattr(library, "provide_ingress_requirements", provide)
    ingress = testing.Relation("ingress", interface="ingress", remote_app_name="traefik-k8s")
    related = scenario.state()
    related = dataclasses.replace(related, relations={*related.relations, ingress})
    on = scenario.context().on

    first = scenario.run(on.config_changed(), related)
    second = scenario.run(on.config_changed(), first)
    scenario.paas_config = "port: 9000\n"
    scenario.context_of(0)
    (scenario.root / "charm/paas-config.yaml").write_text(scenario.paas_config)
    third = scenario.run(on.config_changed(), second)
    lost = dataclasses.replace(relation(third, "ingress"), local_unit_data={})
    others = {each for each in third.relations if each.endpoint != "ingress"}
    scenario.run(on.config_changed(), dataclasses.replace(third, relations={*others, lost}))

    assert ports == [8000, 9000, 9000]
