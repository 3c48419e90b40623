"""The example with everything integrated: each integration is driven over HTTP, against its real server."""

import json
import re
from collections.abc import Generator
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from deployment import Browser, Deployment, browse, new_home, with_stand_ins
from paas_local.providers import BUILT_IN

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples/everything"
APP = "everything-k8s"
NEAR = "127.0.0.1,localhost,::1,.svc.cluster.local"
"""The hosts that the application reaches without the forward proxy."""


@pytest.fixture(scope="module")
def juju(wheels: Path) -> Generator[Deployment]:
    """Yield the example with all providers, all active, and remove them."""
    with new_home(UV_FIND_LINKS=str(wheels)) as juju:
        juju("add-model", "test", "--no-switch")
        juju("model-config", f"juju-no-proxy={NEAR}")
        for provider in BUILT_IN:
            juju.deploy_provider(provider)
        for provider in BUILT_IN:
            juju.wait_for(f"{provider}/0", "active", patience=600)
        charm = with_stand_ins(EXAMPLE / "charm", juju.home)
        juju("deploy", str(charm), APP, "--resource", f"flask-app-image={EXAMPLE}")
        for provider in BUILT_IN:
            juju("integrate", APP, provider)
        juju.wait_for(f"{APP}/0", "active", patience=1800)
        yield juju


@pytest.fixture
def browser(juju: Deployment) -> Browser:
    return Browser(juju, APP)


def results(juju: Deployment, unit: str, action: str, *words: str) -> dict[str, Any]:
    """Run an action of a provider."""
    return json.loads(juju("run", unit, action, *words, "--format", "json"))[unit]["results"]


def public(browser: Browser) -> str:
    """Return the URL at the ingress, as the application reads it."""
    return browser.get("/links")["base_url"].rstrip("/")


def test_everything_is_integrated(juju: Deployment, browser: Browser):
    relations = juju.status()["applications"][APP]["relations"]
    related = {endpoint: {each["related-application"] for each in ends} for endpoint, ends in relations.items()}
    not_variables = {"ingress", "logging", "metrics-endpoint", "grafana-dashboard"}

    assert set[str]().union(*related.values()) - {APP} == BUILT_IN.keys()
    integrated = {endpoint for endpoint, applications in related.items() if applications != {APP}}
    assert set(browser.get("/integrations")) == integrated - not_variables


def test_a_row_in_each_database(browser: Browser):
    browser.post("/rows", {"text": "kept"})
    browser.post("/orders", {"item": "tea"})

    assert browser.get("/rows")[0]["text"] == "kept"
    assert browser.get("/orders")[0]["item"] == "tea"


def test_a_document(browser: Browser):
    browser.post("/documents", {"title": "kept"})

    assert browser.get("/documents") == [{"title": "kept"}]


@pytest.mark.parametrize("kind", ["redis", "valkey"])
def test_a_cached_key(browser: Browser, kind: str):
    browser.send("PUT", f"/cache/{kind}/word", b"kept")

    assert browser.text(f"/cache/{kind}/word") == "kept"


def test_an_uploaded_object(juju: Deployment, browser: Browser):
    browser.send("PUT", "/objects/cat.txt", b"miaow")

    assert browser.text("/objects/cat.txt") == "miaow"
    assert results(juju, "s3-integrator/0", "list-objects")["objects"]["1"]["key"] == "cat.txt"


def test_a_message_is_published_and_consumed(juju: Deployment, browser: Browser):
    browser.post("/messages", {"text": "to the worker"})

    juju.wait("message", lambda: "to the worker" in browser.get("/messages"))


def test_a_mail_is_received(juju: Deployment, browser: Browser):
    browser.send("POST", "/mail", b'{"to": "you@there.test", "subject": "Hello"}', {"Content-Type": "application/json"})

    mails = results(juju, "smtp-integrator/0", "list-mails")["mails"]
    assert [(each["to"], each["subject"]) for each in mails.values()] == [("you@there.test", "Hello")]


def test_a_span_arrives(juju: Deployment, browser: Browser):
    browser.get("/integrations")

    def names() -> set[str]:
        spans = results(juju, "tempo-coordinator-k8s/0", "list-spans", f"service={APP}").get("spans", {})
        return {each["name"] for each in spans.values()}

    juju.wait("span", lambda: "GET /integrations" in names())


def test_a_line_of_the_log_arrives(juju: Deployment):
    def lines() -> dict[str, Any]:
        return results(juju, "loki-k8s/0", "list-logs", f'labels=juju_application="{APP}"').get("logs", {})

    assert juju.wait("line at Loki", lines)


def test_a_metric_is_scraped(juju: Deployment, browser: Browser):
    browser.get("/health")

    def names() -> set[str]:
        samples = results(juju, "prometheus-k8s/0", "list-metrics").get("metrics", {})
        return {each["metric"].partition("{")[0] for each in samples.values()}

    juju.wait("metric", lambda: any(name.startswith("flask_request") for name in names()))


def test_dashboards_arrive(juju: Deployment):
    shown = results(juju, "grafana-k8s/0", "list-dashboards")["dashboards"]

    assert {each["application"] for each in shown.values()} == {APP}
    assert any("Requests" in each["panels"] for each in shown.values())


def test_only_hosts_outside_the_cluster_are_reached_through_the_forward_proxy(juju: Deployment, browser: Browser):
    address = juju.status()["applications"]["loki-k8s"]["units"]["loki-k8s/0"]["address"]

    def fetched(host: str) -> tuple[int, str]:
        url = f"http://{host}:3100/ready"

        def reached() -> dict[str, Any]:
            answer: dict[str, Any] = browser.get("/outside")
            return answer if answer["url"] == url else {}

        juju("config", APP, f"outside-url={url}")
        answer = juju.wait(url, reached)
        return answer["status"], str(answer["via"] or "").partition(" (")[0]

    assert fetched(address) == (200, "1.1 squid-forward-proxy")
    assert fetched("loki-k8s.test.svc.cluster.local") == (200, "")


def test_a_page_is_served_under_the_path_of_the_ingress(browser: Browser):
    url = public(browser)
    path = urlsplit(url).path

    page, links = browse(f"{url}/"), json.loads(browse(f"{url}/links").text)

    assert path == f"/test-{APP}"
    assert f'href="{path}/integrations"' in page.text
    assert (links["home"], links["external"]) == (f"{path}/", f"{url}/")


def test_a_person_logs_in_at_the_openid_provider(browser: Browser):
    started = browse(f"{public(browser)}/login")
    cookie = {"Cookie": started.headers["Set-Cookie"].partition(";")[0]}
    back = browse(started.headers["Location"], {"sub": "ann@example.com"}).headers["Location"]

    landed = browse(back, headers=cookie)

    assert landed.status == 200, landed.text
    assert json.loads(landed.text)["sub"] == "ann@example.com"


def test_a_person_logs_in_at_the_saml_identity_provider(browser: Browser):
    sent = browse(f"{public(browser)}/saml/login").headers["Location"]
    request = re.search(r'name="SAMLRequest" value="([^"]*)"', browse(sent).text)
    assert request
    form = {"SAMLRequest": unescape(request[1]), "deflated": "yes", "person": "ann@example.com"}
    answer = re.search(r'name="SAMLResponse" value="([^"]*)"', browse(sent.partition("?")[0], form).text)
    assert answer

    landed = browse(f"{public(browser)}/saml/acs", {"SAMLResponse": unescape(answer[1])})

    assert json.loads(landed.text) == {"name": "ann@example.com"}


def test_a_forged_saml_answer_is_rejected(browser: Browser):
    assert browse(f"{public(browser)}/saml/acs", {"SAMLResponse": "PGEvPg=="}).status == 403


def test_a_user_may_read_what_the_relation_allows(browser: Browser):
    browser.send("PUT", "/permissions/plan/ann")

    assert browser.get("/permissions/plan/ann") == {"allowed": True}
    assert browser.get("/permissions/plan/bob") == {"allowed": False}
