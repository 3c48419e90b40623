"""The built-in charm for a forward proxy, with a stand-in for Squid."""

import json
from pathlib import Path
from typing import Any

import ops
import providers
import pytest
from ops import testing

ID = "7c9ed8a6-1f0e-4a56-9a6b-0f4f4f0c9d11"
RELOAD = ["/bin/sh", "-c", "kill -HUP $(cat /tmp/squid.pid)"]
URL = "http://squid-forward-proxy.demo.svc.cluster.local:3128"


@pytest.fixture
def hosts(tmp_path: Path) -> Path:
    """Write the names of the pods."""
    file = tmp_path / "hosts"
    file.write_text("127.0.0.1 localhost\n")
    return file


@pytest.fixture
def context(answering: list[bool], hosts: Path, monkeypatch: pytest.MonkeyPatch) -> testing.Context[ops.CharmBase]:
    loaded = providers.context("squid-forward-proxy")
    monkeypatch.setattr("paas_local.providers.squid_forward_proxy.charm.src.charm.HOSTS", hosts)
    return loaded


def asking(
    number: int = 7, app: str = "web", *, unit: str = "10.1.2.30", key: str = "private-address", **values: Any
) -> testing.Relation:
    request: dict[str, Any] = {"requirer": ID, "domains": [], "auth": [], **values}
    return testing.Relation(
        "http-proxy",
        interface="http_proxy",
        id=number,
        remote_app_name=app,
        remote_app_data={"requests": json.dumps([request])},
        remote_units_data={0: {key: unit}} if unit else {},
    )


@pytest.fixture
def squid(tmp_path: Path) -> testing.Container:
    """Build a container that keeps its configuration between events."""
    folder = tmp_path / "squid"
    folder.mkdir()
    return testing.Container(
        "squid",
        can_connect=True,
        mounts={"configuration": testing.Mount(location="/tmp/squid", source=folder)},
        execs={testing.Exec(RELOAD)},
    )


def answers(after: testing.State, number: int = 7) -> list[dict[str, str]]:
    return json.loads(after.get_relation(number).local_app_data.get("responses", "[]"))


def written(context: testing.Context[ops.CharmBase], after: testing.State, name: str) -> str:
    return (after.get_container("squid").get_filesystem(context) / "tmp/squid" / name).read_text()


def test_a_client_gets_an_account(context: testing.Context[ops.CharmBase], squid: testing.Container):
    relation = asking(domains=["example.com"])

    after = context.run(context.on.relation_changed(relation), providers.state(squid, relation))

    (secret,) = after.secrets
    assert after.unit_status == testing.ActiveStatus()
    assert after.opened_ports == {testing.TCPPort(3128)}
    assert answers(after) == [
        {
            "requirer": ID,
            "status": "ready",
            "auth": "userpass",
            "http_proxy": URL,
            "https_proxy": URL,
            "user": secret.id,
        }
    ]
    account = secret.latest_content
    assert account
    assert secret.remote_grants == {7: {"web"}}
    assert written(context, after, "passwd").startswith(f"{account['username']}:")
    assert account["password"] not in written(context, after, "passwd")
    assert f"acl client0_user proxy_auth {account['username']}\n" in written(context, after, "squid.conf")


def test_an_event_that_changes_nothing_changes_nothing(
    context: testing.Context[ops.CharmBase], squid: testing.Container
):
    before = context.run(context.on.update_status(), providers.state(squid, asking()))

    after = context.run(context.on.update_status(), before)

    assert (after.relations, after.containers, after.secrets) == (before.relations, before.containers, before.secrets)
    assert not context.exec_history


def test_the_proxy_follows_a_request_that_changes(context: testing.Context[ops.CharmBase], squid: testing.Container):
    before = context.run(context.on.update_status(), providers.state(squid, asking(domains=["example.com"])))
    changed = asking(auth=["none"], domains=["example.org"])

    after = context.run(
        context.on.relation_changed(changed),
        providers.state(squid, changed, secrets=before.secrets, containers=before.containers),
    )

    assert answers(after) == [
        {"requirer": ID, "status": "ready", "auth": "none", "http_proxy": URL, "https_proxy": URL}
    ]
    assert "dstdomain -n example.org\n" in written(context, after, "squid.conf")
    assert "example.com" not in written(context, after, "squid.conf")
    assert written(context, after, "passwd") == ""
    assert [each.command for each in context.exec_history["squid"]] == [RELOAD]


def test_a_new_pod_name_reloads_the_configuration(
    context: testing.Context[ops.CharmBase], squid: testing.Container, hosts: Path
):
    before = context.run(context.on.update_status(), providers.state(squid, asking()))
    hosts.write_text("10.1.2.31 api\n")

    context.run(context.on.update_status(), before)

    assert len(context.exec_history["squid"]) == 1


def test_the_rules_of_a_removed_relation_are_removed(context: testing.Context[ops.CharmBase], squid: testing.Container):
    relation = asking()

    after = context.run(context.on.relation_broken(relation), providers.state(squid, relation))

    assert written(context, after, "passwd") == ""
    assert "http_access allow" not in written(context, after, "squid.conf")


@pytest.mark.parametrize("key", ["private-address", "ip"])
def test_a_request_by_address_is_for_the_address_of_its_unit(
    context: testing.Context[ops.CharmBase], squid: testing.Container, key: str
):
    after = context.run(context.on.update_status(), providers.state(squid, asking(auth=["srcip"], key=key)))

    assert answers(after)[0]["status"] == "ready"
    assert "10.1.2.30" in written(context, after, "squid.conf")


def test_a_request_by_address_is_pending_without_one(context: testing.Context[ops.CharmBase], squid: testing.Container):
    after = context.run(context.on.update_status(), providers.state(squid, asking(auth=["srcip"], unit="")))

    assert answers(after) == [{"requirer": ID, "status": "pending"}]
    assert "http_access allow" not in written(context, after, "squid.conf")


def test_an_invalid_request_blocks_and_other_clients_are_served(
    context: testing.Context[ops.CharmBase], squid: testing.Container
):
    after = context.run(context.on.update_status(), providers.state(squid, asking(), asking(3, "api", domains=["a b"])))

    assert after.unit_status == testing.BlockedStatus(
        'invalid http-proxy relation data from api: requests.domains (must be host or host:port, not "a b")'
    )
    assert answers(after, 3) == [{"requirer": ID, "status": "invalid"}]
    assert answers(after)[0]["status"] == "ready"


def test_an_invalid_databag_removes_the_answer(context: testing.Context[ops.CharmBase], squid: testing.Container):
    relation = testing.Relation(
        "http-proxy",
        interface="http_proxy",
        id=7,
        remote_app_name="web",
        remote_app_data={"requests": "junk"},
        local_app_data={"responses": "[]"},
    )

    after = context.run(context.on.relation_changed(relation), providers.state(squid, relation))

    assert after.unit_status == testing.BlockedStatus(
        "invalid http-proxy relation data from web: requests (must be JSON)"
    )
    assert "responses" not in after.get_relation(7).local_app_data


def test_options_set_the_port_and_the_host_of_the_url(
    context: testing.Context[ops.CharmBase], squid: testing.Container
):
    relation = asking()
    options = {"http-port": 8888, "hostname": "proxy.example.com"}

    after = context.run(context.on.config_changed(), providers.state(squid, relation, config=options))

    assert after.opened_ports == {testing.TCPPort(8888)}
    assert "http_port 8888\n" in written(context, after, "squid.conf")
    (answer,) = answers(after)
    assert answer["http_proxy"] == answer["https_proxy"] == "http://proxy.example.com:8888"


@pytest.mark.parametrize("port", [0, 80, 65536])
def test_a_port_that_squid_cannot_open_blocks(
    context: testing.Context[ops.CharmBase], squid: testing.Container, port: int
):
    after = context.run(context.on.config_changed(), providers.state(squid, config={"http-port": port}))

    assert after.unit_status == testing.BlockedStatus("invalid option http-port (must be 1024 to 65535)")
