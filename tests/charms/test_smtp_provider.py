"""The built-in mail charm, with a stand-in for the server."""

import dataclasses
from typing import Any

import ops
import providers
import pytest
from ops import testing

CLIENT = testing.Relation("smtp", interface="smtp", id=7, remote_app_name="web")
MAIL = {"sender": "web@app.test", "to": ["a@b.test", "c@d.test"], "subject": "Hello", "body": "scenario"}


@pytest.fixture
def context(answering: list[bool]) -> testing.Context[ops.CharmBase]:
    return providers.context("smtp-integrator")


def state(**config: Any) -> testing.State:
    return providers.state(testing.Container("smtp", can_connect=True), CLIENT, config=config)


def environment(after: testing.State) -> dict[str, str]:
    return after.get_container("smtp").plan.services["smtp"].environment


def test_publishes_the_address_and_the_password_as_a_secret(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.relation_changed(CLIENT, remote_unit=0), state())

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

    assert after.unit_status == testing.BlockedStatus(
        "invalid option auth_type (must be one of plain, none, not_provided)"
    )


def test_the_action_lists_mails(context: testing.Context[ops.CharmBase], monkeypatch: pytest.MonkeyPatch):
    def ask(port: int, path: str) -> list[dict[str, Any]]:
        assert (port, path) == (8025, "/mails")
        return [MAIL]

    monkeypatch.setattr(providers.shared(), "ask", ask)

    context.run(context.on.action("list-mails"), state())

    listed = {"from": "web@app.test", "to": "a@b.test, c@d.test", "subject": "Hello", "body": "scenario"}
    assert context.action_results == {"count": 1, "mails": {"1": listed}}


def published(after: testing.State) -> dict[str, str]:
    return dict(after.get_relation(7).local_app_data)


def test_clients_use_the_mail_server_of_the_options(context: testing.Context[ops.CharmBase]):
    login = {"user": "me", "password": "pass-word"}

    after = context.run(
        context.on.config_changed(),
        state(host="mail.example.com", port=587, transport_security="starttls", skip_ssl_verify=True, **login),
    )

    databag = published(after)
    secret = after.get_secret(id=databag.pop("password_id"))
    assert databag == {
        "host": "mail.example.com",
        "port": "587",
        "auth_type": "plain",
        "transport_security": "starttls",
        "skip_ssl_verify": "True",
        "user": "me",
    }
    assert secret.latest_content == {"password": "pass-word"}
    assert environment(after) == {}


def test_the_charms_own_server_takes_the_login_of_the_options(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.config_changed(), state(user="me", password="pass-word"))

    assert environment(after) == {"SMTP_USER": "me", "SMTP_PASSWORD": "pass-word"}
    assert published(after)["user"] == "me"


def test_the_password_may_be_in_a_secret(context: testing.Context[ops.CharmBase]):
    secret = testing.Secret({"password": "hidden"}, owner=None)
    before = dataclasses.replace(state(password_secret=secret.id), secrets={secret})

    after = context.run(context.on.config_changed(), before)

    assert environment(after)["SMTP_PASSWORD"] == "hidden"


def test_clients_read_the_sender_and_the_recipients(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.config_changed(), state(smtp_sender="a@x.test", recipients="b@x.test, c@x.test"))

    assert published(after)["smtp_sender"] == "a@x.test"
    assert published(after)["recipients"] == '["b@x.test", "c@x.test"]'


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"transport_security": "tls"}, "invalid option transport_security (must be none without the option host)"),
        (
            {"transport_security": "ssl"},
            "invalid option transport_security (must be one of none, starttls, tls)",
        ),
        ({"host": "m.test"}, "the options user and password must be set for auth_type=plain with a host"),
        (
            {"password_secret": "secret:d6q0v0gm9n7c7bt2rb8g"},
            "the secret of the option password_secret cannot be read (juju grant-secret SECRET smtp-integrator)",
        ),
    ],
)
def test_an_impossible_option_blocks(context: testing.Context[ops.CharmBase], config: dict[str, Any], message: str):
    after = context.run(context.on.config_changed(), state(**config))

    assert after.unit_status == testing.BlockedStatus(message)
