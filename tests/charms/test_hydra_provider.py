"""The built-in OpenID provider, with a client for each application."""

import json
from pathlib import Path
from typing import Any

import ops
import providers
import pytest
import recorded_answers
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


def registered(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "clients.json").read_text())["clients"]


def test_registers_a_client(context: testing.Context[ops.CharmBase], server: testing.Container, tmp_path: Path):
    after = context.run(context.on.relation_changed(client()), providers.state(server, client()))

    databag = after.get_relation(7).local_app_data
    secret = (after.get_secret(id=databag["client_secret_id"]).latest_content or {})["secret"]
    (entry,) = registered(tmp_path)
    assert (entry["client-id"], entry["client-secret"]) == ("web-7", secret)
    assert (entry["redirect-uris"], entry["scope"]) == ([REDIRECT], ["openid", "profile", "email"])
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

    after = context.run(context.on.relation_changed(relation), providers.state(server, relation))

    databag = after.get_relation(7).local_app_data
    assert "issuer_url" in databag
    assert "client_id" not in databag
    assert registered(tmp_path) == []


def test_the_urls_are_there_before_the_server(context: testing.Context[ops.CharmBase]):
    """Hydra writes them once its own address is known, and the client later."""
    container = testing.Container("hydra", can_connect=False)

    after = context.run(context.on.relation_changed(client()), providers.state(container, client()))

    waiting = recorded_answers.stage("waiting", "oauth-oauth-12")["remote"]["app"]
    assert recorded_answers.keys(after.get_relation(7).local_app_data) == waiting.keys()


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

    assert registered(tmp_path) == [{**first, "redirect-uris": ["http://new/callback"]}]
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
    assert [each["client-id"] for each in registered(tmp_path)] == ["web-7"]
    assert "client_id" not in after.get_relation(8).local_app_data


CREATE = {"redirect-uris": ["http://other/callback"], "name": "Other", "metadata": "dept=IT"}
NONE_SUCH = "no client x \\(juju run hydra/0 list-oauth-clients\\)"
FOLLOWS = "the client web-7 follows its relation; the related application changes it"


@pytest.fixture
def run(context: testing.Context[ops.CharmBase], server: testing.Container) -> Any:
    """Return a function that runs an action and returns its results; the clients stay between its calls."""
    present = context.run(context.on.relation_changed(client()), providers.state(server, client()))

    def run(action: str, **params: Any) -> dict[str, Any]:
        nonlocal present
        present = context.run(context.on.action(action, params=params), present)
        return dict(context.action_results or {})

    return run


def test_an_action_registers_a_client(run: Any, tmp_path: Path):
    results = run("create-oauth-client", **CREATE)

    _, entry = registered(tmp_path)
    assert results == {
        "client-id": entry["client-id"],
        "client-secret": entry["client-secret"],
        "redirect-uris": ["http://other/callback"],
        "scope": ["openid", "profile", "email", "address", "phone"],
        "grant-types": ["authorization_code"],
        "response-types": ["code"],
        "token-endpoint-auth-method": "client_secret_basic",
        "name": "Other",
        "metadata": "dept=IT",
    }
    assert entry == {**results, "revoked": 0}


def test_an_action_changes_only_the_values_that_it_names(run: Any, tmp_path: Path):
    created = run("create-oauth-client", **CREATE)

    results = run("update-oauth-client", **{"client-id": created["client-id"], "scope": ["openid"]})

    secret = created.pop("client-secret")
    assert results == {**created, "scope": ["openid"]}
    assert registered(tmp_path)[1] == {**results, "client-secret": secret, "revoked": 0}


def test_actions_show_clients_without_their_secrets(run: Any):
    created = run("create-oauth-client", **CREATE)
    del created["client-secret"]

    shown = run("get-oauth-client-info", **{"client-id": created["client-id"]})
    listed = json.loads(run("list-oauth-clients")["clients"])

    assert shown == created
    assert listed[1] == created
    assert (listed[0]["client-id"], "client-secret" in listed[0]) == ("web-7", False)


def test_an_action_removes_a_client(run: Any, tmp_path: Path):
    created = run("create-oauth-client", **CREATE)

    results = run("delete-oauth-client", **{"client-id": created["client-id"]})

    assert results == {"client-id": created["client-id"]}
    assert [each["client-id"] for each in registered(tmp_path)] == ["web-7"]


def test_an_action_revokes_the_tokens_of_a_client(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("time.time", lambda: 1000.5)

    results = run("revoke-oauth-client-access-tokens", **{"client-id": "web-7"})

    assert results == {"client-id": "web-7"}
    assert [each["revoked"] for each in registered(tmp_path)] == [1000.5]


def test_an_action_names_a_new_key(run: Any, tmp_path: Path):
    key = run("rotate-key", algorithm="RS256")["new-key-id"]

    assert json.loads((tmp_path / "clients.json").read_text())["key"] == key


def test_an_action_reconciles_the_clients(run: Any, tmp_path: Path):
    (tmp_path / "clients.json").write_text("{}")

    run("reconcile-oauth-clients")

    assert [each["client-id"] for each in registered(tmp_path)] == ["web-7"]


@pytest.mark.parametrize(
    ("action", "name", "words"),
    [
        *((f"{verb}-oauth-client{rest}", "x", NONE_SUCH) for verb, rest in [("update", ""), ("get", "-info")]),
        *(
            (f"{verb}-oauth-client{rest}", "x", NONE_SUCH)
            for verb, rest in [("delete", ""), ("revoke", "-access-tokens")]
        ),
        ("update-oauth-client", "web-7", FOLLOWS),
        ("delete-oauth-client", "web-7", FOLLOWS),
    ],
)
def test_an_action_refuses_a_client_that_it_cannot_change(run: Any, action: str, name: str, words: str):
    with pytest.raises(testing.ActionFailed, match=words):
        run(action, **{"client-id": name})
