"""The built-in RabbitMQ charm, with a server that only answers."""

import sys
from typing import Any

import ops
import providers
import pytest
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
    """Let the server know users, and give what it was told."""
    fake = Server()
    shared: Any = sys.modules["execution"]
    monkeypatch.setattr(shared, "execute", fake.execute)
    return fake


class Server:
    """Answers as ``erl_call`` does."""

    def __init__(self) -> None:
        self.users: list[str] = []
        self.answer = '{ok, "done"}'
        self.told: list[str] = []

    def execute(self, container: ops.Container, *command: str, stdin: str) -> str:
        if stdin == erlang.STATE:
            return f'{{ok, "{" ".join(["3.10.8", *(user.encode().hex().upper() for user in self.users)])}"}}'
        self.told.append(stdin)
        return self.answer


def container() -> testing.Container:
    return testing.Container("rabbitmq", can_connect=True)


def client(number: int = 7, username: str = "web", **more: Any) -> testing.Relation:
    asked = {"username": username, "vhost": "/"} if username else {}
    given: dict[str, Any] = {"remote_app_name": "web", "remote_app_data": asked, **more}
    return testing.Relation("amqp", interface="rabbitmq", id=number, **given)


def test_a_client_gets_a_user(context: testing.Context[ops.CharmBase], server: Server):
    relation = client()

    after = context.run(context.on.relation_changed(relation), providers.state(container(), relation))

    assert after.unit_status == testing.ActiveStatus()
    assert after.workload_version == "3.10.8"
    bag = after.get_relation(7).local_app_data
    assert bag["hostname"] == "rabbitmq-k8s.demo.svc.cluster.local"
    assert server.told == [erlang.creation("web", bag["password"], "/")]


def test_a_client_that_has_asked_for_nothing_gets_nothing(context: testing.Context[ops.CharmBase], server: Server):
    relation = client(username="")

    after = context.run(context.on.relation_joined(relation), providers.state(container(), relation))

    assert not after.get_relation(7).local_app_data
    assert not server.told


def test_an_event_that_changes_nothing_changes_nothing(context: testing.Context[ops.CharmBase], server: Server):
    before = context.run(context.on.update_status(), providers.state(container(), client()))
    server.users.append("web")
    server.told.clear()

    after = context.run(context.on.update_status(), before)

    assert not server.told
    assert after.relations == before.relations
    assert after.containers == before.containers


def test_a_lost_user_comes_back_with_its_password(context: testing.Context[ops.CharmBase], server: Server):
    before = context.run(context.on.update_status(), providers.state(container(), client()))

    context.run(context.on.update_status(), before)

    assert server.told[0] == server.told[1]


def test_an_application_that_is_related_twice_has_one_user(context: testing.Context[ops.CharmBase], server: Server):
    after = context.run(context.on.update_status(), providers.state(container(), client(7), client(8)))

    assert after.get_relation(7).local_app_data == after.get_relation(8).local_app_data
    assert len(server.told) == 1


def test_a_client_that_is_gone_is_shut_out(context: testing.Context[ops.CharmBase], server: Server):
    server.users += ["web", "other"]
    relation = client()

    context.run(context.on.relation_broken(relation), providers.state(container(), relation))

    assert server.told == [erlang.removal("other"), erlang.removal("web")]


def test_the_servers_own_user_is_not_given_away(context: testing.Context[ops.CharmBase], server: Server):
    after = context.run(context.on.update_status(), providers.state(container(), client(7, "guest"), client(8, "web")))

    assert after.unit_status == testing.BlockedStatus(
        "a client asks for the user guest, which belongs to the server itself"
    )
    assert not after.get_relation(7).local_app_data
    assert "password" in after.get_relation(8).local_app_data


def test_what_the_server_refuses_is_told_and_nothing_is_published(
    context: testing.Context[ops.CharmBase], server: Server
):
    server.answer = "{error, {badmatch, no}}"

    after = context.run(context.on.update_status(), providers.state(container(), client()))

    words = "the server refuses a change: {error, {badmatch, no}}"
    assert after.unit_status == testing.WaitingStatus(words)
    assert not after.get_relation(7).local_app_data


def test_names_are_written_as_numbers():
    words = erlang.creation('a"', "p>>", "/")

    assert "add_user(<<97,34>>, <<112,62,62>>," in words
    assert "rabbit_vhost:exists(<<47>>)" in words


def test_what_is_no_answer_is_none():
    assert erlang.parse("{error, timeout}") is None
