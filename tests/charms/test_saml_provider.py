"""The built-in SAML provider, with one key and the same metadata for every client."""

from pathlib import Path

import ops
import providers
import pytest
from ops import testing
from paas_common.integrations import saml
from paas_common.integrations._integration import Context
from paas_common.values import facts

pytestmark = pytest.mark.usefixtures("answering")
SIGNING = """-----BEGIN PRIVATE KEY-----
key
-----END PRIVATE KEY-----
-----BEGIN CERTIFICATE-----
MIIC
first==
-----END CERTIFICATE-----
"""
MAKE = ["/bin/python3", "/saml/server.py", "key"]
ME = facts.Identity(model="demo", app="web", unit="web/0", leader=True)
OURS = Context(
    identity=ME,
    endpoint="saml",
    relation_id=7,
    env_prefix="SAML",
    app_env_prefix="FLASK_",
    options={},
    base_url="",
    folder="",
)


@pytest.fixture
def context() -> testing.Context[ops.CharmBase]:
    return providers.context("saml-integrator")


def server(folder: Path, make: testing.Exec | None = None) -> testing.Container:
    mounts = {"etc": testing.Mount(location="/etc/saml", source=folder)}
    return testing.Container(
        "saml", can_connect=True, mounts=mounts, execs={make or testing.Exec(MAKE, stdout=SIGNING)}
    )


CLIENT = testing.Relation("saml", interface="saml", id=7, remote_app_name="web")


def test_publishes_the_metadata(context: testing.Context[ops.CharmBase], tmp_path: Path):
    after = context.run(context.on.relation_joined(CLIENT), providers.state(server(tmp_path), CLIENT))

    databag = dict(after.get_relation(7).local_app_data)
    assert (tmp_path / "signing.pem").read_text() == SIGNING
    assert "PRIVATE" not in str(databag)
    parsed = saml.parse(facts.Databags(app=databag), OURS)
    assert parsed
    variables = saml.env(parsed, OURS)
    assert variables["SAML_SIGNING_CERTIFICATE"] == "MIICfirst=="
    assert str(variables["SAML_METADATA_URL"]).startswith("http://saml-integrator.demo.localhost:3")
    assert str(variables["SAML_SINGLE_SIGN_ON_REDIRECT_URL"]).endswith("/login")


def test_an_event_that_changes_nothing_changes_nothing(context: testing.Context[ops.CharmBase], tmp_path: Path):
    before = context.run(context.on.relation_joined(CLIENT), providers.state(server(tmp_path), CLIENT))
    context.exec_history.clear()

    after = context.run(context.on.update_status(), before)

    assert (after.relations, after.secrets, after.containers) == (before.relations, before.secrets, before.containers)
    assert not context.exec_history.get("saml")


def test_waits_for_the_container_that_generates_the_key(context: testing.Context[ops.CharmBase]):
    container = testing.Container("saml", can_connect=False)

    after = context.run(context.on.start(), providers.state(container, CLIENT))

    assert after.unit_status == testing.WaitingStatus("waiting for the container")
    assert not after.get_relation(7).local_app_data


def test_a_failed_key_is_in_the_status(context: testing.Context[ops.CharmBase], tmp_path: Path):
    container = server(tmp_path, testing.Exec(MAKE, return_code=1, stderr="no memory"))

    after = context.run(context.on.start(), providers.state(container, CLIENT))

    words = "the signing key cannot be created (see juju debug-log)"
    assert after.unit_status == testing.WaitingStatus(words)
