"""The built-in OpenID provider, with a client for each application."""

import json
from pathlib import Path
from typing import Any

import ops
import providers
import pytest
from ops import testing
from paas_common.integrations import oauth
from paas_common.integrations._integration import Context
from paas_common.values import facts

pytestmark = pytest.mark.usefixtures("answering")
REDIRECT = "http://juju.test/demo-web/callback"
REQUEST = {"redirect_uri": REDIRECT, "scope": "openid profile email", "grant_types": '["authorization_code"]'}
ME = facts.Identity(model="demo", app="web", unit="web/0", leader=True)
OURS = Context(
    identity=ME,
    endpoint="oidc",
    relation_id=7,
    env_prefix="OIDC",
    app_env_prefix="FLASK_",
    options={},
    base_url="",
    folder="",
)


@pytest.fixture
def context() -> testing.Context[ops.CharmBase]:
    return providers.context("hydra")


@pytest.fixture
def server(tmp_path: Path) -> testing.Container:
    mounts = {"etc": testing.Mount(location="/etc/hydra", source=tmp_path)}
    return testing.Container("hydra", can_connect=True, mounts=mounts)


def client(number: int = 7, **more: Any) -> testing.Relation:
    fields: dict[str, Any] = {"remote_app_name": "web", "remote_app_data": REQUEST, **more}
    return testing.Relation("oauth", interface="oauth", id=number, **fields)


def registered(folder: Path) -> list[dict[str, str]]:
    return json.loads((folder / "clients.json").read_text())


def test_registers_a_client(context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path):
    after = context.run(context.on.relation_changed(client()), providers.state(server, client()))

    databag = after.get_relation(7).local_app_data
    secret = (after.get_secret(id=databag["client_secret_id"]).latest_content or {})["secret"]
    assert registered(tmp_path) == [
        {"id": "web-7", "secret": secret, "redirect_uri": REDIRECT, "scope": "openid profile email"}
    ]
    parsed = oauth.parse(facts.Databags(app={**databag, "secret": secret}), OURS)
    assert parsed
    assert parsed.client_id == "web-7"
    assert parsed.token_endpoint == f"{parsed.issuer_url}/oauth2/token"
    assert parsed.issuer_url.startswith("http://hydra.demo.localhost:3")
    assert after.unit_status == testing.ActiveStatus()


def test_a_client_without_a_request_reads_the_urls(
    context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path
):
    relation = client(remote_app_data={})

    after = context.run(context.on.relation_joined(relation), providers.state(server, relation))

    databag = after.get_relation(7).local_app_data
    assert "issuer_url" in databag
    assert "client_id" not in databag
    assert registered(tmp_path) == []


def test_a_new_address_keeps_the_client_and_the_server_running(
    context: testing.Context[ops.CharmBase],
    server: testing.Container,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    before = context.run(context.on.relation_changed(client()), providers.state(server, client()))
    first = registered(tmp_path)[0]
    restarted: list[str] = []

    def restart(_: ops.Container, *names: str) -> None:
        restarted.extend(names)

    monkeypatch.setattr(ops.Container, "restart", restart)
    moved = client(remote_app_data={**REQUEST, "redirect_uri": "http://new/callback"})
    (container,) = before.containers

    context.run(context.on.relation_changed(moved), providers.state(container, moved, secrets=before.secrets))

    assert registered(tmp_path) == [{**first, "redirect_uri": "http://new/callback"}]
    assert not restarted


def test_an_event_that_changes_nothing_changes_nothing(
    context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path
):
    before = context.run(context.on.relation_changed(client()), providers.state(server, client()))
    written = (tmp_path / "clients.json").stat().st_mtime_ns

    after = context.run(context.on.update_status(), before)

    assert (after.relations, after.secrets, after.containers) == (before.relations, before.secrets, before.containers)
    assert (tmp_path / "clients.json").stat().st_mtime_ns == written


def test_the_client_of_a_removed_relation_is_removed(
    context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path
):
    before = context.run(context.on.relation_changed(client()), providers.state(server, client()))

    context.run(context.on.relation_broken(before.get_relation(7)), before)

    assert registered(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"redirect_uri": "javascript:x"}, "redirect_uri (must be a URL)"),
        ({"scope": "profile"}, "scope (must contain openid)"),
    ],
)
def test_an_invalid_request_blocks_and_other_clients_are_served(
    context: testing.Context[ops.CharmBase],
    server: testing.Container,
    tmp_path: Path,
    changes: dict[str, str],
    words: str,
):
    invalid = client(8, remote_app_name="bad", remote_app_data={**REQUEST, **changes})

    after = context.run(context.on.relation_changed(invalid), providers.state(server, client(), invalid))

    assert after.unit_status == testing.BlockedStatus(f"invalid oauth relation data from bad: {words}")
    assert [each["id"] for each in registered(tmp_path)] == ["web-7"]
    assert "client_id" not in after.get_relation(8).local_app_data
