"""Endpoints of known interfaces that a charm's author handles with library objects of their own."""

import dataclasses
import importlib
import typing

import ops
import paas_flask
import pytest
from flask_scenario import DATABASE, Scenario, environment, postgresql, relation
from ops import testing


class CharmWithOwnObjects(paas_flask.Charm):
    """Serves a second address, and keeps an archive in a second database, with its own library objects."""

    own_endpoints = frozenset({"admin-ingress", "archive", "numbers"})
    start_timeout = 0

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        ingress = importlib.import_module("charms.traefik_k8s.v2.ingress")
        data = importlib.import_module("charms.data_platform_libs.v0.data_interfaces")
        self.admin = ingress.IngressPerAppRequirer(self, relation_name="admin-ingress", port=9000)
        self.archive = data.DatabaseRequires(self, relation_name="archive", database_name="their-archive")


class CharmWithOwnStation(paas_flask.Charm):
    """Decides by itself whether it needs its station."""

    own_endpoints = frozenset({"station"})
    start_timeout = 0


@pytest.fixture
def own(scenario: Scenario) -> Scenario:
    scenario.charm_type = CharmWithOwnObjects
    scenario.meta["requires"]["admin-ingress"] = {"interface": "ingress"}
    scenario.meta["requires"]["archive"] = {"interface": "postgresql_client"}
    scenario.meta["provides"]["numbers"] = {"interface": "prometheus_scrape"}
    return scenario


def test_they_are_not_required(own: Scenario) -> None:
    after = own.run(own.context().on.config_changed(), own.state())

    assert after.unit_status == testing.ActiveStatus()
    assert "POSTGRESQL_DB_HOSTNAME" in environment(after)


def test_only_the_author_s_objects_use_them(own: Scenario) -> None:
    key = own.secret()
    ingress = testing.Relation(
        "admin-ingress",
        interface="ingress",
        remote_app_name="traefik",
        remote_app_data={"ingress": '{"url": "http://admin.example.com/"}'},
    )
    archive = postgresql(endpoint="archive", app={**DATABASE, "username": "archivist"}, local={})
    numbers = testing.Relation("numbers", interface="prometheus_scrape", remote_app_name="prometheus")
    related: set[typing.Any] = {own.peer(key), postgresql(app=DATABASE), ingress, archive, numbers}
    state = own.state(secrets={key}, relations=related)

    requested = own.run(own.context().on.relation_created(archive), state)
    after = own.run(own.context().on.config_changed(), requested)

    assert after.unit_status == testing.ActiveStatus()
    assert relation(after, "archive").local_app_data["database"] == "their-archive"
    assert relation(after, "numbers").local_app_data == {}
    assert not [name for name in environment(after) if name.startswith(("ARCHIVE", "ADMIN"))]
    assert environment(after)["FLASK_BASE_URL"] == "http://flask-k8s.demo:8000"
    assert environment(after)["POSTGRESQL_DB_USERNAME"] == DATABASE["username"]


def test_their_events_are_the_author_s(own: Scenario) -> None:
    key = own.secret()
    ingress = testing.Relation("admin-ingress", interface="ingress", remote_app_name="traefik")
    state = own.state(secrets={key}, relations={own.peer(key), postgresql(app=DATABASE), ingress})

    after = own.run(own.context().on.relation_joined(ingress), state)

    assert after.unit_status == testing.UnknownStatus()


def test_a_text_instead_of_a_set_is_refused() -> None:
    with pytest.raises(TypeError) as refused:
        type("MyCharm", (paas_flask.Charm,), {"own_endpoints": "archive"})

    assert str(refused.value) == 'MyCharm.own_endpoints must be a set of names (frozenset({"archive"}))'


class TestRequiredEndpointOfUnknownInterface:
    """An endpoint with ``optional: false`` whose events only the author's code handles."""

    MISSING = testing.BlockedStatus(
        "missing integrations: station (juju integrate flask-k8s:station <a provider of weather_station>)"
    )

    @pytest.fixture
    def related(self, scenario: Scenario) -> testing.State:
        scenario.meta["requires"]["station"] = {"interface": "weather_station", "optional": False}
        key = scenario.secret()
        station = testing.Relation("station", interface="weather_station", remote_app_name="weather")
        return scenario.state(secrets={key}, relations={scenario.peer(key), postgresql(app=DATABASE), station})

    def test_blocks_until_it_is_related(self, scenario: Scenario, related: testing.State) -> None:
        station = related.get_relations("station")[0]
        without = dataclasses.replace(related, relations=related.relations - {station})

        before = scenario.run(scenario.context().on.config_changed(), without)
        after = scenario.run(
            scenario.context().on.relation_created(station),
            dataclasses.replace(before, relations=before.relations | {station}),
        )

        assert before.unit_status == self.MISSING
        assert after.unit_status == testing.ActiveStatus()

    def test_stops_the_application_when_the_relation_is_removed(
        self, scenario: Scenario, related: testing.State
    ) -> None:
        scenario.keeps_record = True
        served = scenario.run(scenario.context().on.config_changed(), related)
        broken = scenario.run(scenario.context().on.relation_broken(served.get_relations("station")[0]), served)

        assert served.unit_status == testing.ActiveStatus()
        assert broken.unit_status == self.MISSING
        assert broken.get_container("flask-app").service_statuses["flask"] == ops.pebble.ServiceStatus.INACTIVE

    @pytest.mark.parametrize("declared", [{}, {"optional": True}], ids=["without the key", "optional"])
    def test_is_not_required_unless_the_author_says_so(self, scenario: Scenario, declared: dict[str, bool]) -> None:
        scenario.meta["requires"]["station"] = {"interface": "weather_station", **declared}

        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert after.unit_status == testing.ActiveStatus()

    def test_of_an_observer_is_not_required(self, scenario: Scenario) -> None:
        scenario.meta["requires"]["logging"] = {"interface": "loki_push_api", "optional": False}

        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert after.unit_status == testing.ActiveStatus()

    def test_is_the_author_s_matter_if_the_author_keeps_it(self, scenario: Scenario) -> None:
        scenario.charm_type = CharmWithOwnStation
        scenario.meta["requires"]["station"] = {"interface": "weather_station", "optional": False}

        after = scenario.run(scenario.context().on.config_changed(), scenario.state())

        assert after.unit_status == testing.ActiveStatus()
