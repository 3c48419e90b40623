"""Endpoints of known interfaces that a charm's author handles with library objects of their own."""

import importlib
import typing

import ops
import paas_flask
import pytest
from ops import testing
from world import DATABASE, World, environment, postgresql, relation


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


@pytest.fixture
def own(world: World) -> World:
    world.charm_type = CharmWithOwnObjects
    world.meta["requires"]["admin-ingress"] = {"interface": "ingress"}
    world.meta["requires"]["archive"] = {"interface": "postgresql_client"}
    world.meta["provides"]["numbers"] = {"interface": "prometheus_scrape"}
    return world


def test_they_are_not_required(own: World) -> None:
    after = own.run(own.context().on.config_changed(), own.state())

    assert after.unit_status == testing.ActiveStatus()
    assert "POSTGRESQL_DB_HOSTNAME" in environment(after)


def test_only_the_author_s_objects_use_them(own: World) -> None:
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


def test_their_events_are_the_author_s(own: World) -> None:
    key = own.secret()
    ingress = testing.Relation("admin-ingress", interface="ingress", remote_app_name="traefik")
    state = own.state(secrets={key}, relations={own.peer(key), postgresql(app=DATABASE), ingress})

    after = own.run(own.context().on.relation_joined(ingress), state)

    assert after.unit_status == testing.UnknownStatus()


def test_a_text_instead_of_a_set_is_refused() -> None:
    with pytest.raises(TypeError) as refused:
        type("MyCharm", (paas_flask.Charm,), {"own_endpoints": "archive"})

    assert str(refused.value) == 'MyCharm.own_endpoints must be a set of names (frozenset({"archive"}))'
