"""The integration tests of Flask; the example with everything uses each integration."""

import json
import re
from collections.abc import Sequence
from html import unescape
from urllib.parse import urlsplit

import pytest
from browser import Browser, browse
from framework_tests import FrameworkTests
from model import TestModel
from related_charms import INGRESS, POSTGRESQL, Provider

from examples import EVERYTHING, FLASK, Project

EXAMPLE = FLASK
NOT_VARIABLES = {"metrics-endpoint", "logging", "grafana-dashboard"}


@pytest.fixture(scope="module")
def integrating(model: TestModel, integrations: Sequence[Provider]) -> Project:
    """Deploy the application that uses every integration, and integrate it; return it.

    The providers are active before: it starts once, and not again for each of them.
    """
    model.deploy(EVERYTHING.application, model.place.project(EVERYTHING))
    for provider in (POSTGRESQL, INGRESS, *integrations):
        model.integrate(EVERYTHING, provider)
    return EVERYTHING


@pytest.fixture
def browser(model: TestModel) -> Browser:
    """Return a browser of the application with everything."""
    return model.browser(EVERYTHING.application)


@pytest.fixture
def public(browser: Browser) -> str:
    """Return the URL at the ingress, as the application reads it."""
    return browser.get("/links")["base_url"].rstrip("/")


class TestFlask(FrameworkTests):
    """The guest book in Flask."""


class TestEverything:
    """The uses of the integrations by an application, with real servers."""

    def test_the_application_has_every_integration(self, browser: Browser, integrations: Sequence[Provider]):
        endpoints = {provider.endpoint for provider in integrations} - NOT_VARIABLES

        assert set(browser.get("/integrations")) == endpoints | {POSTGRESQL.endpoint}

    def test_a_row_in_each_database(self, browser: Browser):
        browser.post("/rows", {"text": "kept"})
        browser.post("/orders", {"item": "tea"})

        assert browser.get("/rows")[0]["text"] == "kept"
        assert browser.get("/orders")[0]["item"] == "tea"

    def test_a_document(self, browser: Browser):
        browser.post("/documents", {"title": "kept"})

        assert browser.get("/documents") == [{"title": "kept"}]

    @pytest.mark.parametrize("kind", ["redis", "valkey"])
    def test_a_cached_key(self, browser: Browser, kind: str):
        browser.send("PUT", f"/cache/{kind}/word", b"kept")

        assert browser.text(f"/cache/{kind}/word") == "kept"

    def test_an_uploaded_object(self, model: TestModel, browser: Browser):
        browser.send("PUT", "/objects/cat.txt", b"miaow")

        assert browser.text("/objects/cat.txt") == "miaow"
        assert model.results("s3-integrator", "list-objects")["objects"]["1"]["key"] == "cat.txt"

    def test_a_message_is_published_and_consumed(self, model: TestModel, browser: Browser):
        browser.post("/messages", {"text": "to the worker"})

        model.eventually("message", lambda: "to the worker" in browser.get("/messages"))

    def test_a_mail_is_received(self, model: TestModel, browser: Browser):
        browser.send(
            "POST", "/mail", b'{"to": "you@there.test", "subject": "Hello"}', {"Content-Type": "application/json"}
        )

        mails = model.results("smtp-integrator", "list-mails")["mails"]
        assert [(each["to"], each["subject"]) for each in mails.values()] == [("you@there.test", "Hello")]

    def test_a_span_arrives(self, model: TestModel, browser: Browser):
        browser.get("/integrations")

        def names() -> set[str]:
            listed = model.results("tempo-coordinator-k8s", "list-spans", service=EVERYTHING.application)
            return {each["name"] for each in listed.get("spans", {}).values()}

        model.eventually("span", lambda: "GET /integrations" in names())

    def test_only_hosts_outside_the_cluster_are_reached_through_the_forward_proxy(
        self, model: TestModel, browser: Browser
    ):
        unit = model.juju.status()[model.name].units[f"{model.name}/0"]

        def fetched(host: str) -> tuple[int, str]:
            url = f"http://{host}:{unit.ports[0]}/settings"

            def answer() -> dict[str, object]:
                answered: dict[str, object] = browser.get("/outside")
                return answered if answered["url"] == url else {}

            model.juju.config(EVERYTHING.application, {"outside-url": url})
            document = model.eventually(url, answer)
            return int(str(document["status"])), str(document["via"] or "").partition(" (")[0]

        assert fetched(unit.address) == (200, "1.1 squid-forward-proxy")
        assert fetched(f"{model.name}.{model.place.namespace}.svc.cluster.local") == (200, "")

    def test_a_page_is_served_under_the_path_of_the_ingress(self, public: str):
        path = urlsplit(public).path

        page, links = browse(f"{public}/"), json.loads(browse(f"{public}/links").text)

        assert path.endswith(f"-{EVERYTHING.application}")
        assert f'href="{path}/integrations"' in page.text
        assert (links["home"], links["external"]) == (f"{path}/", f"{public}/")

    def test_a_person_logs_in_at_the_openid_provider(self, public: str):
        started = browse(f"{public}/login")
        cookie = {"Cookie": started.headers["Set-Cookie"].partition(";")[0]}
        back = browse(started.headers["Location"], {"sub": "ann@example.com"}).headers["Location"]

        landed = browse(back, headers=cookie)

        assert landed.status == 200, landed.text
        assert json.loads(landed.text)["sub"] == "ann@example.com"

    def test_a_person_logs_in_at_the_saml_identity_provider(self, public: str):
        sent = browse(f"{public}/saml/login").headers["Location"]
        request = re.search(r'name="SAMLRequest" value="([^"]*)"', browse(sent).text)
        assert request
        form = {"SAMLRequest": unescape(request[1]), "deflated": "yes", "person": "ann@example.com"}
        answer = re.search(r'name="SAMLResponse" value="([^"]*)"', browse(sent.partition("?")[0], form).text)
        assert answer

        landed = browse(f"{public}/saml/acs", {"SAMLResponse": unescape(answer[1])})

        assert json.loads(landed.text) == {"name": "ann@example.com"}

    def test_a_forged_saml_answer_is_rejected(self, public: str):
        assert browse(f"{public}/saml/acs", {"SAMLResponse": "PGEvPg=="}).status == 403

    def test_a_user_may_read_what_the_relation_allows(self, browser: Browser):
        browser.send("PUT", "/permissions/plan/ann")

        assert browser.get("/permissions/plan/ann") == {"allowed": True}
        assert browser.get("/permissions/plan/bob") == {"allowed": False}
