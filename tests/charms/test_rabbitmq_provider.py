"""The built-in RabbitMQ charm, with a stand-in for the server."""

import sys
from typing import Any

import ops
import providers
import pytest
import recorded_answers
from ops import testing
from paas_local.providers.rabbitmq_k8s.charm.src import erlang


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> testing.Context[ops.CharmBase]:
    """Load the charm; its server takes connections."""
    loaded = providers.context("rabbitmq-k8s")
    shared: Any = sys.modules["provider"]

    def answers(port: int, patience: float) -> bool:
        return True

    monkeypatch.setattr(shared, "answers", answers)
    return loaded


@pytest.fixture
def server(context: testing.Context[ops.CharmBase], monkeypatch: pytest.MonkeyPatch) -> "Server":
    """Replace the server by a stand-in."""
    fake = Server()
    shared: Any = sys.modules["execution"]
    monkeypatch.setattr(shared, "execute", fake.execute)
    return fake


class Server:
    """A stand-in for ``erl_call``."""

    def __init__(self) -> None:
        self.users: list[str] = []
        self.answer = '{ok, "done"}'
        self.code: list[str] = []

    def execute(self, container: ops.Container, *command: str, stdin: str) -> str:
        if stdin == erlang.STATE:
            return f'{{ok, "{" ".join(["3.10.8", *(user.encode().hex().upper() for user in self.users)])}"}}'
        self.code.append(stdin)
        return self.answer


def container() -> testing.Container:
    return testing.Container("rabbitmq", can_connect=True)


def client(number: int = 7, username: str = "web", **more: Any) -> testing.Relation:
    request = {"username": username, "vhost": "/"} if username else {}
    fields: dict[str, Any] = {"remote_app_name": "web", "remote_app_data": request, **more}
    return testing.Relation("amqp", interface="rabbitmq", id=number, **fields)


def test_a_client_gets_a_user(context: testing.Context[ops.CharmBase], server: Server):
    relation = client()

    after = context.run(context.on.relation_changed(relation), providers.state(container(), relation))

    assert after.unit_status == testing.ActiveStatus()
    assert after.workload_version == "3.10.8"
    databag = after.get_relation(7).local_app_data
    assert databag["hostname"] == "rabbitmq-k8s.demo.svc.cluster.local"
    assert server.code == [erlang.creation("web", databag["password"], "/")]


def test_an_answer_has_the_keys_of_the_real_one(context: testing.Context[ops.CharmBase], server: Server):
    relation = client(remote_app_data=recorded_answers.request("rabbitmq-rabbitmq-3"))

    after = context.run(context.on.relation_changed(relation), providers.state(container(), relation))

    recorded_answers.check_keys(after.get_relation(7), "rabbitmq-rabbitmq-3")


def test_a_client_without_a_request_gets_nothing(context: testing.Context[ops.CharmBase], server: Server):
    relation = client(username="")

    after = context.run(context.on.relation_changed(relation), providers.state(container(), relation))

    assert not after.get_relation(7).local_app_data
    assert not server.code


def test_an_event_that_changes_nothing_changes_nothing(context: testing.Context[ops.CharmBase], server: Server):
    before = context.run(context.on.update_status(), providers.state(container(), client()))
    server.users.append("web")
    server.code.clear()

    after = context.run(context.on.update_status(), before)

    assert not server.code
    assert after.relations == before.relations
    assert after.containers == before.containers


def test_a_lost_user_comes_back_with_its_password(context: testing.Context[ops.CharmBase], server: Server):
    before = context.run(context.on.update_status(), providers.state(container(), client()))

    context.run(context.on.update_status(), before)

    assert server.code[0] == server.code[1]


def test_two_relations_with_the_same_user_share_it(context: testing.Context[ops.CharmBase], server: Server):
    after = context.run(context.on.update_status(), providers.state(container(), client(7), client(8)))

    assert after.get_relation(7).local_app_data == after.get_relation(8).local_app_data
    assert len(server.code) == 1


def test_the_user_of_a_removed_relation_is_removed(context: testing.Context[ops.CharmBase], server: Server):
    server.users += ["web", "other"]
    relation = client()

    context.run(context.on.relation_broken(relation), providers.state(container(), relation))

    assert server.code == [erlang.removal("other"), erlang.removal("web")]


@pytest.mark.parametrize("user", ["guest", "operator"])
def test_a_client_cannot_get_the_user_of_the_server(context: testing.Context[ops.CharmBase], server: Server, user: str):
    after = context.run(context.on.update_status(), providers.state(container(), client(7, user), client(8, "web")))

    assert after.unit_status == testing.BlockedStatus(
        f"a client asks for the user {user}, which belongs to the server itself"
    )
    assert not after.get_relation(7).local_app_data
    assert "password" in after.get_relation(8).local_app_data


def test_a_client_cannot_get_the_account_of_another_program(context: testing.Context[ops.CharmBase], server: Server):
    params = {"username": "reports", "vhost": "/"}
    before = context.run(context.on.action("get-service-account", params=params), providers.state(container()))
    created = list(server.code)
    state = providers.state(container(), client(7, "reports"), client(8, "web"), secrets=before.secrets)

    after = context.run(context.on.update_status(), state)

    assert after.unit_status == testing.BlockedStatus(
        "a client asks for the user reports, which get-service-account has created"
    )
    assert not after.get_relation(7).local_app_data
    password = after.get_relation(8).local_app_data["password"]
    assert server.code == [*created, erlang.creation("web", password, "/")]


def test_an_error_of_the_server_is_in_the_status_and_nothing_is_published(
    context: testing.Context[ops.CharmBase], server: Server
):
    server.answer = "{error, {badmatch, no}}"

    after = context.run(context.on.update_status(), providers.state(container(), client()))

    words = "the server refuses a change: {error, {badmatch, no}}"
    assert after.unit_status == testing.WaitingStatus(words)
    assert not after.get_relation(7).local_app_data


def test_an_action_creates_an_administrator_once(context: testing.Context[ops.CharmBase], server: Server):
    action = context.on.action("get-operator-info")

    after = context.run(action, providers.state(container()))
    first = dict(context.action_results or {})
    context.run(action, after)

    password = first["operator-password"]
    assert context.action_results == first == {"operator-user": "operator", "operator-password": password}
    assert server.code == [erlang.account("operator", password, "/", "administrator")] * 2


def test_an_action_creates_a_user_for_another_program(context: testing.Context[ops.CharmBase], server: Server):
    params = {"username": "other app", "vhost": "/orders"}

    context.run(context.on.action("get-service-account", params=params), providers.state(container()))

    results = dict(context.action_results or {})
    host = "rabbitmq-k8s.demo.svc.cluster.local"
    assert server.code == [erlang.account("other app", results["password"], "/orders", "account")]
    assert results == {
        **params,
        "password": results["password"],
        "ingress-address": host,
        "port": 5672,
        "url": f"rabbit://other%20app:{results['password']}@{host}:5672/%2Forders",
    }


@pytest.mark.parametrize("user", ["guest", "operator", "web"])
def test_an_action_shows_no_user_of_the_server_or_of_a_client(
    context: testing.Context[ops.CharmBase], server: Server, user: str
):
    params = {"username": user, "vhost": "/"}

    with pytest.raises(testing.ActionFailed, match=f"the user {user} belongs to the server or to a related"):
        context.run(context.on.action("get-service-account", params=params), providers.state(container(), client()))

    assert not server.code


def test_an_action_fails_with_the_error_of_the_server(context: testing.Context[ops.CharmBase], server: Server):
    server.answer = "{error, {badmatch, no}}"

    with pytest.raises(testing.ActionFailed, match=r"the server refuses a change: \{error"):
        context.run(context.on.action("get-operator-info"), providers.state(container()))


def test_names_are_written_as_numbers():
    words = erlang.creation('a"', "p>>", "/")

    assert "add_user(<<97,34>>, <<112,62,62>>," in words
    assert "rabbit_vhost:exists(<<47>>)" in words


def test_an_invalid_answer_is_none():
    assert erlang.parse("{error, timeout}") is None
