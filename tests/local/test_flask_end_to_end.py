"""The Flask example under paas-local: secrets, a second new key, kills, a dashboard, the ingress, and its removal.

The tests share one deployment, and each leaves it active.
"""

import base64
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from pathlib import Path

import pytest
import yaml
from browser import Browser, Page, browse
from deployment import Deployment, new_home, with_stand_ins
from drawn_panels import drawn_panels

EXAMPLE = Path(__file__).parent.parent.parent / "examples/flask"
FLASK = "flask-k8s/0"
POSTGRESQL = "postgresql-k8s/0"


@pytest.fixture(scope="module")
def juju(wheels: Path) -> Generator[Deployment]:
    """Yield the example and PostgreSQL, integrated and active, and remove them."""
    with new_home(UV_FIND_LINKS=str(wheels)) as juju:
        charm = with_stand_ins(EXAMPLE / "charm", juju.home)
        juju("add-model", "test", "--no-switch")
        juju.deploy_provider("postgresql-k8s")
        juju("deploy", str(charm), "flask-k8s", "--resource", f"flask-app-image={EXAMPLE}")
        juju("integrate", "flask-k8s", "postgresql-k8s")
        juju.wait_for(POSTGRESQL, "active")
        juju.wait_for(FLASK, "active")
        yield juju


@pytest.fixture
def browser(juju: Deployment) -> Browser:
    """Return a browser without cookies."""
    return juju.browser("flask-k8s")


def texts(browser: Browser) -> list[str]:
    return [row["text"] for row in browser.get("/notes")]


def test_show_unit_has_the_data_of_the_integration(juju: Deployment):
    shown = yaml.safe_load(juju("show-unit", FLASK))[FLASK]

    (data,) = [each["application-data"] for each in shown["relation-info"] if each["endpoint"] == "postgresql"]
    assert data["database"] == "flask-k8s"


def test_sessions_survive_one_new_secret_key_and_end_with_the_second(juju: Deployment, browser: Browser):
    visits = [browser.get("/visits")["visits"] for _ in range(3)]

    juju("run", "flask-k8s/leader", "rotate-secret-key")
    visits.append(browser.get("/visits")["visits"])
    for _ in range(2):
        juju("run", "flask-k8s/leader", "rotate-secret-key")

    assert visits == [1, 2, 3, 4]
    juju.wait("new session", lambda: browser.get("/visits")["visits"] < 4)
    juju.wait_for(FLASK, "active")


def test_a_granted_secret_reaches_the_application(juju: Deployment, browser: Browser):
    number = browser.post("/notes", {"text": "to be deleted"})["id"]
    login = {"Authorization": f"Basic {base64.b64encode(b'ann:correct horse').decode()}"}
    with pytest.raises(urllib.error.HTTPError, match="403"):
        browser.send("DELETE", f"/notes/{number}", headers=login)

    secret = juju("add-secret", "moderator", "name=ann", "password=correct horse").strip()
    juju("grant-secret", "moderator", "flask-k8s")
    juju("config", "flask-k8s", f"moderator={secret}")

    def deleted() -> bool:
        browser.send("DELETE", f"/notes/{number}", headers=login)
        return True

    juju.wait("right to delete", deleted)
    assert "to be deleted" not in texts(browser)
    assert "correct horse" not in juju("show-secret", "moderator") + juju("debug-log", "--limit", "0")
    juju("config", "flask-k8s", "--reset", "moderator")
    juju.wait_for(FLASK, "active")


def test_a_killed_application_is_restarted(juju: Deployment, browser: Browser):
    juju.kill("gunicorn", "app:create_app()")

    juju.wait("answer", lambda: browser.get("/health")["status"] == "ok")

    juju.wait_for(FLASK, "active")


def test_a_killed_postgresql_is_restarted_with_its_rows(juju: Deployment, browser: Browser):
    browser.post("/notes", {"text": "before PostgreSQL was killed"})

    juju.kill("postgres -D")

    juju.wait("rows", lambda: "before PostgreSQL was killed" in texts(browser))
    juju.wait_for(POSTGRESQL, "active")
    juju.wait_for(FLASK, "active")


def test_a_unit_whose_processes_were_killed_gets_a_new_pod(juju: Deployment, browser: Browser):
    browser.post("/notes", {"text": "before the pod was killed"})
    pod = juju.processes("container ", "flask-k8s-0")

    juju.kill("container ", "flask-k8s-0")

    juju.wait("new pod", lambda: len(juju.processes("container ", "flask-k8s-0")) == len(pod))
    juju.wait("rows", lambda: "before the pod was killed" in texts(browser))
    juju.wait_for(FLASK, "active")
    assert not set(pod) & set(juju.processes("container "))


def test_the_applications_run_on_after_the_background_process_was_killed(juju: Deployment, browser: Browser):
    browser.post("/notes", {"text": "before the controller was killed"})
    containers = set(juju.processes("container "))
    controller = set(juju.processes("paas_local.controller.daemon"))
    migrations = juju("debug-log", "--limit", "0").count("migrating the database")
    (url,) = juju.urls("flask-k8s")

    juju.kill("paas_local.controller.daemon")

    # no command is needed
    juju.wait("answer", lambda: urllib.request.urlopen(f"{url}/health", timeout=5).status == 200)
    assert "before the controller was killed" in texts(browser)
    juju.wait_for(POSTGRESQL, "active")
    juju.wait_for(FLASK, "active")
    assert juju.urls("flask-k8s") == [url]
    assert set(juju.processes("container ")) == containers
    assert not controller & set(juju.processes())
    assert juju("debug-log", "--limit", "0").count("migrating the database") == migrations


def test_grafana_draws_the_requests_of_the_application(juju: Deployment):
    for provider in ("prometheus-k8s", "grafana-k8s"):
        juju.deploy_provider(provider)
    juju("integrate", "flask-k8s:metrics-endpoint", "prometheus-k8s")
    juju("integrate", "flask-k8s:grafana-dashboard", "grafana-k8s")
    juju("integrate", "grafana-k8s:grafana-source", "prometheus-k8s")
    grafana = juju.browser("grafana-k8s")

    def lines() -> dict[str, list[str]]:
        juju.browser("flask-k8s").get("/visits")
        texts = [grafana.text(f"/d/{row['uid']}?from=now-5m") for row in grafana.get("/api/search")]
        return drawn_panels("".join(texts))["Request rate by unit"].lines if texts else {}

    drawn = juju.wait("a line of the unit", lambda: each if "flask-k8s/0" in (each := lines()) else None)
    assert drawn
    assert all(text.endswith(" req/s") for text in drawn["flask-k8s/0"])


def endpoints(juju: Deployment) -> dict[str, dict[str, str]]:
    document = json.loads(juju("run", "traefik-k8s/0", "show-proxied-endpoints", "--format", "json"))
    return json.loads(document["traefik-k8s/0"]["results"]["proxied-endpoints"])


@pytest.fixture(scope="module")
def ingress(juju: Deployment) -> None:
    """Relate the example to an ingress, for the last tests: the path in its URL changes the cookies of the others."""
    juju.deploy_provider("traefik-k8s")
    juju("integrate", "flask-k8s", "traefik-k8s")
    juju.wait_for("traefik-k8s/0", "active")
    juju.wait_for(FLASK, "active")


@pytest.fixture
def url(juju: Deployment, ingress: None) -> str:
    """Return the URL that the ingress has published to the application."""
    return juju.wait("address", lambda: endpoints(juju).get("flask-k8s", {}).get("url", ""))


def test_the_url_works_in_a_pod_and_so_does_port_80_of_the_unit(juju: Deployment, url: str):
    unit = juju.status()["applications"]["traefik-k8s"]["units"]["traefik-k8s/0"]
    urls = [f"{address}/health" for address in (url, f"http://{unit['address']}/test-flask-k8s")]
    program = f"import urllib.request; print(*(urllib.request.urlopen(url).status for url in {urls}))"

    output = juju("exec", "--unit", "postgresql-k8s/0", "--", f'python3 -c "{program}"')

    assert output.strip() == "200 200"


def test_secure_cookies_work_with_https(juju: Deployment, url: str):
    juju("config", "flask-k8s", "flask-session-cookie-secure=true")
    juju("config", "traefik-k8s", "https=true")
    secure = juju.wait("an address with https", lambda: https_url(juju))
    document = json.loads(juju("run", "traefik-k8s/0", "get-ca-certificate", "--format", "json"))
    ca = document["traefik-k8s/0"]["results"]["ca-certificate"]

    def first_visit() -> Page | None:
        page = browse(f"{secure}/visits", ca=ca)
        return page if "Secure" in page.headers.get("Set-Cookie", "") else None

    first = juju.wait("a secure cookie", first_visit)
    assert first
    second = browse(f"{secure}/visits", headers={"Cookie": first.cookies}, ca=ca)

    assert (json.loads(first.text)["visits"], json.loads(second.text)["visits"]) == (1, 2)
    with pytest.raises(ssl.SSLCertVerificationError):
        browse(f"{secure}/visits")
    readable = [path for path in (juju.home / "models").rglob("*.key") if path.stat().st_mode & 0o077]
    assert readable == []
    juju("config", "traefik-k8s", "https=false")
    juju("config", "flask-k8s", "--reset", "flask-session-cookie-secure")
    juju.wait("the former address", lambda: endpoints(juju)["flask-k8s"]["url"] == url)


def https_url(juju: Deployment) -> str:
    address = endpoints(juju).get("flask-k8s", {}).get("url", "")
    return address if address.startswith("https://") else ""


def test_a_removed_relation_removes_the_route_until_it_is_added_again(juju: Deployment, url: str):
    juju("remove-relation", "flask-k8s", "traefik-k8s")

    juju.wait("end of the address", lambda: "flask-k8s" not in endpoints(juju))
    assert browse(f"{url}/health").status == 404

    # the limit of the endpoint is 1, and the old relation has not ended yet
    juju.wait("place for a relation", lambda: not juju.run("integrate", "flask-k8s", "traefik-k8s").returncode)
    juju.wait("answer through the ingress", lambda: browse(f"{url}/health").status == 200)


def test_a_destroyed_model_leaves_no_container(juju: Deployment):
    juju("destroy-model", "test", "--no-prompt")

    assert juju.processes("container ") == []


@pytest.mark.parametrize("pause", [0.0, 0.3, 1.0])
def test_a_model_destroyed_right_after_a_deployment_leaves_nothing(juju: Deployment, pause: float):
    juju("add-model", "test", "--no-switch")
    juju.deploy_provider("postgresql-k8s")

    time.sleep(pause)
    juju("destroy-model", "test", "--no-prompt")

    assert juju.processes("container ") == []
    assert list((juju.home / "models").iterdir()) == []


def test_the_log_of_the_background_process_has_no_forgotten_exceptions(juju: Deployment):
    log = (juju.home / "daemon.log").read_text()

    assert "starting it again" in log
    assert "never retrieved" not in log
    assert "Traceback" not in log
