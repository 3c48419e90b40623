"""The built-in providers, with real servers: what a client reads in its databags is enough to use them."""

import base64
import json
import os
import subprocess
import zlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import redis
import yaml
from deployment import Deployment, browse
from paas_local import images
from paas_local.providers import BUILT_IN

CLIENT = Path(__file__).parent / "clients/charm"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A deployed provider, related to the client."""

    juju: Deployment
    name: str
    endpoint: str
    """The client's."""

    def ask(self, **values: str) -> None:
        """Write into the client's application databag."""
        words = [f"{name}={value}" for name, value in values.items()]
        ids = json.loads(self.juju("exec", "--unit", "client/0", "--", f"relation-ids {self.endpoint} --format json"))
        self.juju("exec", "--unit", "client/0", "--", "relation-set", "--app", "-r", ids[0], *words)

    def told(self, *keys: str) -> dict[str, str]:
        """Wait until the provider's application has written some keys; give all of its databag."""

        def looked() -> dict[str, str]:
            found: dict[str, str] = self._relation().get("application-data") or {}
            return found if {*keys} <= found.keys() else {}

        return self.juju.wait(f"{', '.join(keys)} of {self.name}", looked)

    def told_by_unit(self, *keys: str) -> dict[str, str]:
        """Wait for the databag of the provider's unit likewise."""

        def looked() -> dict[str, str]:
            units: dict[str, Any] = self._relation().get("related-units", {})
            found: dict[str, str] = units.get(f"{self.name}/0", {}).get("data", {})
            return found if {*keys} <= found.keys() else {}

        return self.juju.wait(f"{', '.join(keys)} of {self.name}/0", looked)

    def secret(self, uri: str) -> dict[str, str]:
        """Read a secret as the client may."""
        return json.loads(self.juju("exec", "--unit", "client/0", "--", "secret-get", uri, "--format", "json"))

    def address(self, number: int = 0) -> tuple[str, int]:
        """Give where one of its ports is published on this machine."""
        parts = urlsplit(self.juju("url", self.name).split()[number])
        return parts.hostname or "", parts.port or 0

    def _relation(self) -> Mapping[str, Any]:
        shown = yaml.safe_load(self.juju("show-unit", "client/0"))["client/0"]
        relations: list[dict[str, Any]] = shown.get("relation-info", [])
        of_endpoint = [each for each in relations if each["endpoint"] == self.endpoint]
        return of_endpoint[0] if of_endpoint else {}


@pytest.fixture(scope="module")
def juju() -> Generator[Deployment]:
    """Give a model with the client in it."""
    with TemporaryDirectory(prefix="paas-") as home:
        environment = {**os.environ, "PAAS_LOCAL_HOME": home, "JUJU_MODEL": "test"}
        deployment = Deployment(home=Path(home), environment=environment)
        try:
            deployment("add-model", "test", "--no-switch")
            deployment("deploy", str(CLIENT))
            yield deployment
        finally:
            deployment.run("destroy-model", "test", "--no-prompt")
            deployment.run("shutdown")


def deployed(juju: Deployment, name: str, endpoint: str) -> Provider:
    """Deploy a built-in provider, and integrate the client's endpoint with it."""
    juju("deploy", name)
    juju("integrate", f"client:{endpoint}", name)
    juju.wait_for(f"{name}/0", "active")
    return Provider(juju=juju, name=name, endpoint=endpoint)


def test_redis_keeps_a_key(juju: Deployment):
    provider = deployed(juju, "redis-k8s", "redis")

    unit, app = provider.told_by_unit("hostname", "port"), provider.told("leader-host")

    assert (unit["port"], app["leader-host"]) == ("6379", "redis-k8s.test.svc.cluster.local")
    host, port = provider.address()
    with redis.Redis(host=host, port=port, decode_responses=True) as connection:
        connection.set("word", "kept")
        assert connection.get("word") == "kept"


def test_valkey_lets_in_whom_it_gave_an_account(juju: Deployment):
    provider = deployed(juju, "valkey", "valkey")
    request = {"resource": "*", "request-id": "4be8724a07a5c71e", "salt": "1eGdSSiKF2Jrpa3Y"}

    provider.ask(version="v1", requests=json.dumps([request]))

    (answer,) = json.loads(provider.told("version", "data", "requests")["requests"])
    account = provider.secret(answer["secret-user"])
    assert answer["endpoints"] == "valkey.test.svc.cluster.local:6379"
    host, port = provider.address()
    name, password = account["username"], account["password"]
    with redis.Redis(host=host, port=port, username=name, password=password, decode_responses=True) as connection:
        connection.set("word", "kept")
        assert connection.get("word") == "kept"
    with redis.Redis(host=host, port=port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.get("word")


BACK = "http://traefik-k8s.test.localhost:31000/test-client/callback"


@pytest.fixture(scope="module")
def hydra(juju: Deployment) -> Provider:
    """Give the OpenID provider, with a client that is sent back to ``BACK``."""
    provider = deployed(juju, "hydra", "oidc")
    provider.ask(redirect_uri=BACK, scope="openid profile email", grant_types='["authorization_code"]')
    return provider


def test_hydra_logs_somebody_in(hydra: Provider):
    told = hydra.told("client_id", "client_secret_id")
    secret = hydra.secret(told["client_secret_id"])["secret"]
    asked = {"client_id": told["client_id"], "redirect_uri": BACK, "response_type": "code", "scope": "openid email"}
    login = f"{told['authorization_endpoint']}?{urlencode({**asked, 'state': 'kept'})}"
    assert "ann@example.com" in browse(login).text
    sent = browse(login, {"sub": "ann@example.com"}).headers["Location"]
    assert sent.startswith(f"{BACK}?")
    answer = {key: value for key, (value,) in parse_qs(urlsplit(sent).query).items()}
    assert answer["state"] == "kept"

    form = {"grant_type": "authorization_code", "code": answer["code"], "redirect_uri": BACK}
    stranger = browse(told["token_endpoint"], form, basic(told["client_id"], "wrong"))
    tokens = json.loads(browse(told["token_endpoint"], form, basic(told["client_id"], secret)).text)

    assert stranger.status == 401
    claims = json.loads(base64.urlsafe_b64decode(tokens["id_token"].split(".")[1] + "=="))
    assert (claims["iss"], claims["aud"], claims["email"]) == (
        told["issuer_url"],
        [told["client_id"]],
        "ann@example.com",
    )
    person = browse(told["userinfo_endpoint"], headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert json.loads(person.text)["sub"] == "ann@example.com"
    seen = json.loads(browse(told["introspection_endpoint"], {"token": tokens["access_token"]}).text)
    assert (seen["active"], seen["sub"]) == (True, "ann@example.com")


def test_hydra_has_the_same_address_in_a_pod(juju: Deployment, hydra: Provider):
    address = hydra.told("issuer_url")["issuer_url"]
    program = (
        f"import urllib.request as r; print(r.urlopen('{address}/.well-known/openid-configuration').read().decode())"
    )

    said = json.loads(juju("exec", "--unit", "client/0", "--", f'python3 -c "{program}"'))

    assert said["issuer"] == address


def test_hydra_sends_nobody_elsewhere(hydra: Provider):
    told = hydra.told("client_id")
    asked = {"client_id": told["client_id"], "redirect_uri": "http://evil/", "response_type": "code", "scope": "openid"}

    assert browse(f"{told['authorization_endpoint']}?{urlencode(asked)}").status == 400


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


VERIFY = """
import base64, html, json, re, sys
import signxml
from lxml import etree

page, certificate = json.load(sys.stdin)
response = re.search('name="SAMLResponse" value="([^"]*)"', page)[1]
root = etree.fromstring(base64.b64decode(html.unescape(response)))
pem = f"-----BEGIN CERTIFICATE-----\\n{certificate}\\n-----END CERTIFICATE-----\\n"
signed = signxml.XMLVerifier().verify(root, x509_cert=pem, id_attribute="ID").signed_xml
name = {"saml": "urn:oasis:names:tc:SAML:2.0:assertion"}
told = {key: signed.findtext(f".//saml:{key}", namespaces=name) for key in ("NameID", "Audience", "Issuer")}
data = signed.find(".//saml:SubjectConfirmationData", name)
print(json.dumps({**told, "to": data.get("Recipient"), "for": data.get("InResponseTo")}))
"""


def verified(page: str, certificate: str) -> dict[str, str]:
    """Read what a response's assertion says, by its signature, with the library that the image has."""
    python = images.build(BUILT_IN["saml-integrator"] / "rock", lambda _: None).python
    assert python
    given = json.dumps([page, certificate])
    done = subprocess.run(
        [python / "bin/python", "-c", VERIFY], input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_saml_logs_somebody_in(juju: Deployment):
    told = deployed(juju, "saml-integrator", "saml").told("entity_id", "x509certs")
    back = "http://traefik-k8s.test.localhost:31000/test-client/acs"
    request = (
        '<p:AuthnRequest xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_42" Version="2.0"'
        f' AssertionConsumerServiceURL="{back}"><s:Issuer xmlns:s="urn:oasis:names:tc:SAML:2.0:assertion">client'
        "</s:Issuer></p:AuthnRequest>"
    )
    deflated = base64.b64encode(zlib.compress(request.encode())[2:-4]).decode()

    metadata = browse(told["metadata_url"]).text
    login = browse(f"{told['single_sign_on_service_redirect_url']}?{urlencode({'SAMLRequest': deflated})}").text
    form = {"SAMLRequest": deflated, "deflated": "yes", "RelayState": "kept", "person": "ann@example.com"}
    answer = browse(told["single_sign_on_service_redirect_url"], form).text
    posted = {"SAMLRequest": base64.b64encode(request.encode()).decode(), "person": "bob@example.com"}
    answer_to_post = browse(told["single_sign_on_service_post_url"], posted).text

    assert told["x509certs"] in metadata
    assert f'entityID="{told["entity_id"]}"' in metadata
    assert "Log in to client" in login
    assert f'action="{back}"' in answer
    assert 'name="RelayState" value="kept"' in answer
    assert verified(answer, told["x509certs"]) == {
        "NameID": "ann@example.com",
        "Audience": "client",
        "Issuer": told["entity_id"],
        "to": back,
        "for": "_42",
    }
    assert verified(answer_to_post, told["x509certs"])["NameID"] == "bob@example.com"
    refused = browse(f"{told['single_sign_on_service_redirect_url']}?SAMLRequest=nonsense")
    assert (refused.status, refused.text) == (400, "SAMLRequest: not a request of SAML 2.0\n")
