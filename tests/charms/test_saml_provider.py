"""The built-in SAML provider, with one key and the same metadata for every client."""

import base64
import dataclasses
import functools
import hashlib
import http.server
import threading
from pathlib import Path

import ops
import providers
import pytest
import recorded_answers
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
    after = context.run(context.on.relation_changed(CLIENT), providers.state(server(tmp_path), CLIENT))

    databag = dict(after.get_relation(7).local_app_data)
    assert (tmp_path / "signing.pem").read_text() == SIGNING
    assert "PRIVATE" not in str(databag)
    parsed = saml.parse(facts.Databags(app=databag), OURS)
    assert parsed
    variables = saml.env(parsed, OURS)
    assert variables["SAML_SIGNING_CERTIFICATE"] == "MIICfirst=="
    assert str(variables["SAML_METADATA_URL"]).startswith("http://saml-integrator.demo.localhost:3")
    assert str(variables["SAML_SINGLE_SIGN_ON_REDIRECT_URL"]).endswith("/login")


def test_an_answer_has_the_keys_of_the_real_one(context: testing.Context[ops.CharmBase], tmp_path: Path):
    relation = dataclasses.replace(CLIENT, remote_app_data=recorded_answers.request("saml-saml-11"))

    after = context.run(context.on.relation_changed(relation), providers.state(server(tmp_path), relation))

    recorded_answers.check_keys(after.get_relation(7), "saml-saml-11")


def test_an_event_that_changes_nothing_changes_nothing(context: testing.Context[ops.CharmBase], tmp_path: Path):
    before = context.run(context.on.relation_changed(CLIENT), providers.state(server(tmp_path), CLIENT))
    context.exec_history.clear()

    after = context.run(context.on.update_status(), before)

    assert (after.relations, after.secrets, after.containers) == (before.relations, before.secrets, before.containers)
    assert not context.exec_history.get("saml")


def test_waits_for_the_container_that_generates_the_key(context: testing.Context[ops.CharmBase]):
    container = testing.Container("saml", can_connect=False)

    after = context.run(context.on.config_changed(), providers.state(container, CLIENT))

    assert after.unit_status == testing.WaitingStatus("waiting for the container")
    assert not after.get_relation(7).local_app_data


def test_a_failed_key_is_in_the_status(context: testing.Context[ops.CharmBase], tmp_path: Path):
    container = server(tmp_path, testing.Exec(MAKE, return_code=1, stderr="no memory"))

    after = context.run(context.on.config_changed(), providers.state(container, CLIENT))

    words = "the signing key cannot be created (see juju debug-log)"
    assert after.unit_status == testing.WaitingStatus(words)


ENTITY = "https://idp.example.com/metadata"
CERTIFICATE = base64.b64encode(b"a certificate").decode()
FINGERPRINT = hashlib.sha256(b"a certificate").hexdigest()
BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP"
METADATA = f"""<EntitiesDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata">
<EntityDescriptor entityID="other"><IDPSSODescriptor><SingleSignOnService Binding="{BINDING}-POST" Location="no"/>
</IDPSSODescriptor></EntityDescriptor>
<EntityDescriptor entityID="{ENTITY}"><IDPSSODescriptor>
<KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
{CERTIFICATE}
</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleLogoutService Binding="{BINDING}-Redirect" Location="https://idp.example.com/out" ResponseLocation="https://r/"/>
<SingleSignOnService Binding="{BINDING}-Redirect" Location="https://idp.example.com/in"/>
</IDPSSODescriptor></EntityDescriptor></EntitiesDescriptor>"""
ELSEWHERE = {
    "entity_id": ENTITY,
    "x509certs": CERTIFICATE,
    "single_sign_on_service_redirect_url": "https://idp.example.com/in",
    "single_sign_on_service_redirect_binding": f"{BINDING}-Redirect",
    "single_logout_service_redirect_url": "https://idp.example.com/out",
    "single_logout_service_redirect_binding": f"{BINDING}-Redirect",
    "single_logout_service_redirect_response_url": "https://r/",
}


def test_options_name_a_provider_elsewhere(context: testing.Context[ops.CharmBase], tmp_path: Path):
    before = context.run(context.on.relation_changed(CLIENT), providers.state(server(tmp_path), CLIENT))
    options = {"entity_id": ENTITY, "metadata": METADATA, "fingerprint": FINGERPRINT.upper()}

    after = context.run(context.on.config_changed(), dataclasses.replace(before, config=options))
    again = context.run(context.on.config_changed(), dataclasses.replace(after, config={}))

    assert after.unit_status == testing.ActiveStatus()
    assert after.get_relation(7).local_app_data == ELSEWHERE
    assert again.relations == before.relations


def test_the_metadata_is_read_from_its_url(context: testing.Context[ops.CharmBase], tmp_path: Path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/metadata").write_text(METADATA)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{site.server_port}/metadata"
        options = {"entity_id": ENTITY, "metadata_url": url}
        after = context.run(context.on.config_changed(), providers.state(server(tmp_path), CLIENT, config=options))
        site.shutdown()

    assert after.get_relation(7).local_app_data == {**ELSEWHERE, "metadata_url": url}


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"metadata": METADATA}, ops.BlockedStatus("the option entity_id must be set with the other options")),
        (
            {"entity_id": ENTITY},
            ops.BlockedStatus("the option metadata_url or metadata must be set with entity_id"),
        ),
        (
            {"entity_id": ENTITY, "metadata": "junk"},
            ops.BlockedStatus("invalid metadata (must be XML: syntax error: line 1, column 0)"),
        ),
        (
            {"entity_id": "none", "metadata": METADATA},
            ops.BlockedStatus("invalid option entity_id (must be an entityID of the metadata)"),
        ),
        (
            {"entity_id": ENTITY, "metadata": METADATA, "fingerprint": "00:11"},
            ops.BlockedStatus(
                "invalid option fingerprint (must be the SHA-256 of the signing certificate in the metadata)"
            ),
        ),
        (
            {"entity_id": "other", "metadata": METADATA, "fingerprint": "00:11"},
            ops.BlockedStatus(
                "invalid option fingerprint (must be the SHA-256 of the signing certificate in the metadata)"
            ),
        ),
        (
            {"entity_id": ENTITY, "metadata": METADATA.replace(CERTIFICATE, "a"), "fingerprint": "00:11"},
            ops.BlockedStatus("invalid metadata (its signing certificate must be base64)"),
        ),
        (
            {"entity_id": ENTITY, "metadata_url": "file:///etc/passwd"},
            ops.BlockedStatus("invalid option metadata_url (must be a URL with http or https)"),
        ),
        (
            {"entity_id": ENTITY, "metadata_url": "http://127.0.0.1:1/"},
            ops.WaitingStatus(
                "waiting for the metadata at metadata_url: <urlopen error [Errno 111] Connection refused>"
            ),
        ),
    ],
)
def test_options_that_cannot_be_used_are_in_the_status(
    context: testing.Context[ops.CharmBase], tmp_path: Path, options: dict[str, str], status: ops.StatusBase
):
    after = context.run(context.on.config_changed(), providers.state(server(tmp_path), CLIENT, config=options))

    assert (after.unit_status.name, after.unit_status.message) == (status.name, status.message)
    assert not after.get_relation(7).local_app_data
