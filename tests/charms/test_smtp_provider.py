"""The built-in mail charm, with a stand-in for the server."""

import dataclasses
from typing import Any

import ops
import providers
import pytest
from ops import testing

CLIENT = testing.Relation("smtp", interface="smtp", id=7, remote_app_name="web")
MAIL = {"sender": "web@app.test", "to": ["a@b.test", "c@d.test"], "subject": "Hello", "body": "world"}


@pytest.fixture
def context(answering: list[bool]) -> testing.Context[ops.CharmBase]:
    return providers.context("smtp-integrator")


def state(**config: Any) -> testing.State:
    return providers.state(testing.Container("smtp", can_connect=True), CLIENT, config=config)


def environment(after: testing.State) -> dict[str, str]:
    return after.get_container("smtp").plan.services["smtp"].environment


def test_publishes_the_address_and_the_password_as_a_secret(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.relation_joined(CLIENT, remote_unit=0), state())

    databag = dict(after.get_relation(7).local_app_data)
    secret = after.get_secret(id=databag.pop("password_id"))
    assert after.unit_status == testing.ActiveStatus()
    assert after.opened_ports == {testing.TCPPort(1025), testing.TCPPort(8025)}
    assert databag == {
        "host": "smtp-integrator.demo.svc.cluster.local",
        "port": "1025",
        "auth_type": "plain",
        "transport_security": "none",
        "skip_ssl_verify": "False",
        "user": "mailer",
    }
    assert environment(after) == {"SMTP_USER": "mailer", "SMTP_PASSWORD": (secret.latest_content or {})["password"]}
    assert secret.remote_grants == {7: {"web"}}


def test_the_password_stays(context: testing.Context[ops.CharmBase]):
    before = context.run(context.on.config_changed(), state())

    after = context.run(context.on.update_status(), before)

    assert after.relations == before.relations
    assert after.containers == before.containers


def test_without_login_there_is_no_password(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.config_changed(), state(auth_type="none", domain="app.test"))

    databag = after.get_relation(7).local_app_data
    assert (databag["auth_type"], databag["domain"]) == ("none", "app.test")
    assert not {"user", "password_id"} & databag.keys()
    assert environment(after) == {}


def test_the_password_is_removed_when_authentication_is_turned_off(context: testing.Context[ops.CharmBase]):
    before = context.run(context.on.config_changed(), state())

    after = context.run(context.on.config_changed(), dataclasses.replace(before, config={"auth_type": "none"}))

    assert not {"user", "password_id"} & after.get_relation(7).local_app_data.keys()


def test_an_invalid_auth_type_blocks(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.config_changed(), state(auth_type="kerberos"))

    assert after.unit_status == testing.BlockedStatus("invalid option auth_type: 'kerberos' is neither none nor plain")


def test_the_action_lists_mails(context: testing.Context[ops.CharmBase], monkeypatch: pytest.MonkeyPatch):
    def ask(port: int, path: str) -> list[dict[str, Any]]:
        assert (port, path) == (8025, "/mails")
        return [MAIL]

    monkeypatch.setattr(providers.shared(), "ask", ask)

    context.run(context.on.action("list-mails"), state())

    listed = {"from": "web@app.test", "to": "a@b.test, c@d.test", "subject": "Hello", "body": "world"}
    assert context.action_results == {"count": 1, "mails": {"1": listed}}
