"""The built-in Valkey, with an account for each request."""

import hashlib
import json
from pathlib import Path
from typing import Any

import ops
import providers
import pytest
from ops import testing
from paas_common.integrations import valkey
from paas_common.integrations._integration import Context
from paas_common.values import facts
from paas_common.values.environment import SecretText

pytestmark = pytest.mark.usefixtures("answering")
ID = "4be8724a07a5c71e"
REQUEST: dict[str, Any] = {"resource": "*", "request-id": ID, "salt": "1eGdSSiKF2Jrpa3Y", "extra-user-roles": None}
HOST = "valkey.demo.svc.cluster.local"
ME = facts.Identity(model="demo", app="web", unit="web/0", leader=True)
OURS = Context(
    identity=ME,
    endpoint="valkey",
    relation_id=7,
    env_prefix="VALKEY_DB",
    app_env_prefix="FLASK_",
    options={},
    base_url="",
    folder="",
)


@pytest.fixture
def context() -> testing.Context[ops.CharmBase]:
    return providers.context("valkey")


@pytest.fixture
def server(tmp_path: Path) -> testing.Container:
    return testing.Container(
        "valkey",
        can_connect=True,
        mounts={"etc": testing.Mount(location="/etc/valkey", source=tmp_path)},
        execs={testing.Exec(["/bin/redis-cli"])},
    )


def client(number: int = 7, **request: Any) -> testing.Relation:
    requests = json.dumps([{**REQUEST, **request}])
    return testing.Relation(
        "valkey-client",
        interface="valkey_client",
        id=number,
        remote_app_name="web",
        remote_app_data={"version": "v1", "requests": requests},
    )


def account(after: testing.State, number: int = 7) -> dict[str, str]:
    (answer,) = json.loads(after.get_relation(number).local_app_data["requests"])
    return dict(after.get_secret(id=answer["secret-user"]).latest_content or {})


def test_a_request_is_answered(context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path):
    after = context.run(context.on.relation_changed(client()), providers.state(server, client()))

    databag = after.get_relation(7).local_app_data
    assert databag["version"] == "v1"
    assert json.loads(databag["data"]) == {ID: REQUEST}
    (answer,) = json.loads(databag["requests"])
    assert (answer["request-id"], answer["endpoints"]) == (ID, f"{HOST}:6379")
    digest = hashlib.sha256(account(after)["password"].encode()).hexdigest()
    listed = (tmp_path / "users.acl").read_text()
    assert f"user relation-7-{ID} on #{digest} ~* &* +@all -@admin\n" in listed
    assert listed.startswith("user default off\n")
    assert account(after)["password"] not in listed
    assert after.unit_status == testing.ActiveStatus()


def test_the_charms_of_this_repository_read_the_answer(
    context: testing.Context[ops.CharmBase], server: testing.Container
):
    after = context.run(context.on.relation_changed(client()), providers.state(server, client()))

    databag = dict(after.get_relation(7).local_app_data)
    secrets = {uri: dict(after.get_secret(id=uri).latest_content or {}) for uri in valkey.secret_ids(databag, {})}
    parsed = valkey.parse(facts.Databags(app=databag, secrets=secrets), OURS)
    assert parsed
    address = f"valkey://relation-7-{ID}:{parsed.password.get_secret_value()}@{HOST}:6379"
    assert valkey.env(parsed, OURS)["VALKEY_DB_CONNECT_STRING"] == SecretText(address)


def test_a_second_client_gets_an_account_without_a_restart(
    context: testing.Context[ops.CharmBase], server: testing.Container, monkeypatch: pytest.MonkeyPatch
):
    before = context.run(context.on.relation_changed(client()), providers.state(server, client()))
    restarted: list[str] = []

    def restart(_: ops.Container, *names: str) -> None:
        restarted.extend(names)

    monkeypatch.setattr(ops.Container, "restart", restart)
    second = client(8, **{"request-id": "0123456789abcdef", "resource": "orders:*"})

    after = context.run(context.on.relation_changed(second), with_clients(before, second))

    (call,) = context.exec_history["valkey"]
    assert call.command[-2:] == ["ACL", "LOAD"]
    assert not restarted
    assert account(after, 7) == account(before, 7)
    assert account(after, 8)["username"] == "relation-8-0123456789abcdef"


def test_a_server_that_cannot_reload_restarts(
    context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    deaf = testing.Container(
        "valkey", can_connect=True, mounts=server.mounts, execs={testing.Exec(["/bin/redis-cli"], return_code=1)}
    )
    before = context.run(context.on.relation_changed(client()), providers.state(deaf, client()))
    (tmp_path / "users.acl").write_text("another\n")
    restarted: list[str] = []

    def restart(_: ops.Container, *names: str) -> None:
        restarted.extend(names)

    monkeypatch.setattr(ops.Container, "restart", restart)

    context.run(context.on.update_status(), before)

    assert restarted == ["valkey"]


def with_clients(before: testing.State, *relations: testing.Relation) -> testing.State:
    (first,) = before.relations
    assert isinstance(first, testing.Relation)
    (server,) = before.containers
    return providers.state(server, first, *relations, secrets=before.secrets)


def test_an_event_that_changes_nothing_changes_nothing(
    context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path
):
    before = context.run(context.on.relation_changed(client()), providers.state(server, client()))
    written = (tmp_path / "users.acl").stat().st_mtime_ns

    after = context.run(context.on.update_status(), before)

    assert (after.relations, after.secrets, after.containers) == (before.relations, before.secrets, before.containers)
    assert (tmp_path / "users.acl").stat().st_mtime_ns == written
    assert not context.exec_history.get("valkey")


def test_the_account_of_a_removed_relation_is_removed(
    context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path
):
    before = context.run(context.on.relation_changed(client()), providers.state(server, client()))

    context.run(context.on.relation_broken(before.get_relation(7)), before)

    assert "relation-7" not in (tmp_path / "users.acl").read_text()


def test_a_client_without_a_request_gets_nothing(context: testing.Context[ops.CharmBase], server: testing.Container):
    relation = testing.Relation("valkey-client", interface="valkey_client", id=7)

    after = context.run(context.on.relation_changed(relation), providers.state(server, relation))

    assert not after.get_relation(7).local_app_data


@pytest.mark.parametrize(
    ("requests", "words"),
    [
        ("[", "requests (must be JSON)"),
        ("{}", "requests (must be a list)"),
        ("[1]", "requests (must have objects)"),
        ('[{"resource": "*"}]', "requests.request-id (must be letters and digits)"),
        ('[{"resource": "*", "request-id": "a b"}]', "requests.request-id (must be letters and digits)"),
        ('[{"resource": "a\\n* +@all", "request-id": "a"}]', "requests.resource (must be a pattern of keys)"),
    ],
)
def test_an_invalid_request_blocks_and_other_clients_are_served(
    context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path, requests: str, words: str
):
    invalid = testing.Relation(
        "valkey-client",
        interface="valkey_client",
        id=8,
        remote_app_name="bad",
        remote_app_data={"version": "v1", "requests": requests},
    )

    after = context.run(context.on.relation_changed(invalid), providers.state(server, client(), invalid))

    assert after.unit_status == testing.BlockedStatus(f"invalid valkey-client relation data from bad: {words}")
    assert account(after, 7)
    assert f"relation-7-{ID}" in (tmp_path / "users.acl").read_text()
