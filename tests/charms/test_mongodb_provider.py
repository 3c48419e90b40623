"""The built-in MongoDB charm, with the real library and a stand-in for the server."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ops
import providers
import pymongo
import pymongo.errors
import pytest
import recorded_answers
from ops import testing
from typing_extensions import Self

REQUEST = {"database": "orders", "requested-secrets": json.dumps(["username", "password", "uris"])}
HOST = "mongodb-k8s-0.mongodb-k8s-endpoints.demo.svc.cluster.local"


class Server:
    """A stand-in for FerretDB: it keeps users, checks the administrator's password, and refuses other commands."""

    def __init__(self) -> None:
        self.users: dict[str, str] = {"operator": ""}
        self.error: Exception | None = None
        self.changes = 0

    def __call__(self, host: str, port: int, **options: Any) -> Self:
        """Accept a connection."""
        assert (host, port, options["username"], options["authSource"]) == ("127.0.0.1", 27017, "operator", "admin")
        self.users["operator"] = self.users["operator"] or options["password"]
        assert options["password"] == self.users["operator"]
        return self

    def __class_getitem__(cls, _: object) -> type[Self]:
        return cls

    def __getitem__(self, item: object) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def command(self, name: str, user: str = "", **options: Any) -> Mapping[str, Any]:
        """Execute a command."""
        if self.error:
            raise self.error
        if name == "buildInfo":
            return {"version": "7.0.42"}
        if name == "usersInfo":
            return {"users": [{"user": user} for user in self.users]}
        self.changes += 1
        if name == "createUser":
            assert user not in self.users
            self.users[user] = options["pwd"]
        elif name == "updateUser":
            assert user in self.users
            assert options["roles"] == []
            self.users[user] = options["pwd"]
        else:
            assert name == "dropUser"
            del self.users[user]
        return {}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    """Replace the driver by a stand-in."""
    fake = Server()
    monkeypatch.setattr(pymongo, "MongoClient", fake)
    return fake


@pytest.fixture
def context(charm_libs: Path, server: Server, answering: list[bool]) -> testing.Context[ops.CharmBase]:
    return providers.context("mongodb-k8s")


def state(*relations: testing.Relation) -> testing.State:
    return providers.state(testing.Container("mongodb", can_connect=True), *relations)


def client(number: int = 7, **values: str) -> testing.Relation:
    return testing.Relation(
        "database", interface="mongodb_client", id=number, remote_app_name="web", remote_app_data={**REQUEST, **values}
    )


def login(after: testing.State, number: int = 7) -> dict[str, str]:
    secret = after.get_relation(number).local_app_data["secret-user"]
    return dict(after.get_secret(id=secret).latest_content or {})


def test_a_client_gets_a_user_and_an_address(context: testing.Context[ops.CharmBase], server: Server):
    after = context.run(context.on.relation_changed(client()), state(client()))

    databag, options = after.get_relation(7).local_app_data, login(after)
    assert after.unit_status == testing.ActiveStatus()
    assert after.workload_version == "7.0.42"
    assert (databag["database"], databag["endpoints"], databag["version"]) == ("orders", HOST, "7.0.42")
    assert server.users["relation-7"] == options["password"]
    assert options["username"] == "relation-7"
    assert options["uris"] == f"mongodb://relation-7:{options['password']}@{HOST}:27017/orders?authSource=admin"
    assert options["password"] not in "".join(databag.values())


def test_an_answer_has_the_keys_of_the_real_one(context: testing.Context[ops.CharmBase]):
    relation = dataclasses.replace(
        client(), remote_app_data=recorded_answers.request("mongodb_client-data_interfaces-59")
    )

    after = context.run(context.on.relation_changed(relation), state(relation))

    recorded_answers.check_keys(after.get_relation(7), "mongodb_client-data_interfaces-59")


def test_the_administrators_password_is_not_on_a_command_line(context: testing.Context[ops.CharmBase], server: Server):
    after = context.run(context.on.relation_changed(client()), state(client()))

    service = after.get_container("mongodb").plan.services["mongodb"]
    assert service.environment == {"PASSWORD": server.users["operator"]}
    assert server.users["operator"] not in service.command


def test_an_event_that_changes_nothing_changes_nothing(context: testing.Context[ops.CharmBase], server: Server):
    before = context.run(context.on.relation_changed(client()), state(client()))
    server.changes = 0

    after = context.run(context.on.update_status(), before)

    assert server.changes == 0
    assert (after.relations, after.secrets, after.containers) == (before.relations, before.secrets, before.containers)


def test_a_lost_user_comes_back_with_its_password(context: testing.Context[ops.CharmBase], server: Server):
    before = context.run(context.on.relation_changed(client()), state(client()))
    del server.users["relation-7"]

    after = context.run(context.on.update_status(), before)

    assert server.users["relation-7"] == login(before)["password"]
    assert after.secrets == before.secrets


def test_the_user_of_a_removed_relation_is_removed(context: testing.Context[ops.CharmBase], server: Server):
    before = context.run(context.on.relation_changed(client()), state(client()))

    context.run(context.on.relation_broken(before.get_relation(7)), before)

    assert server.users.keys() == {"operator"}


def test_a_client_cannot_get_a_database_of_the_server(context: testing.Context[ops.CharmBase], server: Server):
    bad, good = client(7, database="admin"), client(8)

    after = context.run(context.on.relation_changed(bad), state(bad, good))

    words = "a client asks for the database admin, which belongs to the server itself"
    assert after.unit_status == testing.BlockedStatus(words)
    assert server.users.keys() == {"operator", "relation-8"}
    assert "endpoints" not in after.get_relation(7).local_app_data


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            pymongo.errors.OperationFailure("x", 59, {"errmsg": "no such command"}),
            "the server refuses a change: no such command",
        ),
        (pymongo.errors.ServerSelectionTimeoutError("x"), "waiting for the server to answer on port 27017"),
    ],
)
def test_an_error_of_the_server_is_in_the_status(
    context: testing.Context[ops.CharmBase], server: Server, error: Exception, words: str
):
    server.error = error

    after = context.run(context.on.update_status(), state(client()))

    assert after.unit_status == testing.WaitingStatus(words)


def test_an_action_shows_the_password_of_the_administrator(context: testing.Context[ops.CharmBase], server: Server):
    before = context.run(context.on.update_status(), state(client()))

    context.run(context.on.action("get-password", params={"username": "operator"}), before)

    assert context.action_results == {"username": "operator", "password": server.users["operator"]}


@pytest.mark.parametrize("params", [{"password": "chosen"}, {}], ids=["chosen", "generated"])
def test_an_action_changes_the_password_of_the_administrator_without_a_restart(
    context: testing.Context[ops.CharmBase], server: Server, params: dict[str, str]
):
    before = context.run(context.on.update_status(), state(client()))
    first = server.users["operator"]

    changed = context.run(context.on.action("set-password", params={"username": "operator", **params}), before)
    results = dict(context.action_results or {})
    after = context.run(context.on.update_status(), changed)

    assert results == {"username": "operator", "password": server.users["operator"]}
    assert server.users["operator"] == params.get("password", server.users["operator"]) != first
    assert after.unit_status == testing.ActiveStatus()
    assert after.get_container("mongodb").plan == before.get_container("mongodb").plan


def test_the_password_stays_where_the_server_refuses_the_change(
    context: testing.Context[ops.CharmBase], server: Server
):
    before = context.run(context.on.update_status(), state(client()))
    server.error = pymongo.errors.ServerSelectionTimeoutError("x")

    with pytest.raises(testing.ActionFailed, match="waiting for the server to answer on port 27017"):
        context.run(context.on.action("set-password", params={"username": "operator", "password": "chosen"}), before)

    server.error = None
    context.run(context.on.action("get-password", params={"username": "operator"}), before)
    assert (context.action_results or {})["password"] == server.users["operator"] != "chosen"
