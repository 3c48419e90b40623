"""The examples of Django, FastAPI and Go with their charms, one PostgreSQL, one ingress and one Prometheus.

Tests that do not depend on the framework are in test_flask_end_to_end.py. The tests share one deployment, and each
leaves it active.
"""

import json
import re
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from deployment import Browser, Deployment, Page, browse, new_home, with_stand_ins

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Example:
    """One example and its values in the tests."""

    framework: str
    image: str
    bad_option: str
    process: str
    """A word in the command line of its server."""
    metric: str
    """One of its metrics."""

    @property
    def application(self) -> str:
        return f"{self.framework}-k8s"

    @property
    def unit(self) -> str:
        return f"{self.application}/0"


EXAMPLES = (
    Example(
        framework="django",
        image="django-app-image",
        bad_option="webserver-worker-class=magic",
        process="django_notes.wsgi",
        metric="django_requests",
    ),
    Example(
        framework="fastapi",
        image="app-image",
        bad_option="webserver-log-level=loud",
        process="uvicorn",
        metric="http_requests_total",
    ),
    Example(
        framework="go",
        image="app-image",
        bad_option="app-port=70000",
        process="go-notes",
        metric="http_requests_total",
    ),
)
PROVIDERS = ("postgresql-k8s", "traefik-k8s", "prometheus-k8s")
each_example = pytest.mark.parametrize("example", [pytest.param(each, id=each.framework) for each in EXAMPLES])


@pytest.fixture(scope="module")
def juju(wheels: Path) -> Generator[Deployment]:
    """Yield the three examples, integrated and active, and remove them."""
    with new_home(UV_FIND_LINKS=str(wheels)) as juju:
        juju("add-model", "test", "--no-switch")
        for provider in PROVIDERS:
            juju.deploy_provider(provider)
        for each in EXAMPLES:
            folder = ROOT / "examples" / each.framework
            charm = with_stand_ins(folder / "charm", juju.home)
            juju("deploy", str(charm), each.application, "--resource", f"{each.image}={folder}")
            for provider in PROVIDERS:
                juju("integrate", each.application, provider)
        for each in EXAMPLES:
            juju.wait_for(each.unit, "active")
        yield juju


@each_example
def test_a_row_is_written_read_and_processed_by_the_worker(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)
    written = browser.post("/notes", {"text": "three little words"})

    words = juju.wait("words", lambda: {row["id"]: row for row in browser.get("/notes")}[written["id"]]["words"])

    assert words == 3
    assert juju.wait("scheduler", lambda: browser.get("/health")["jobs"].get("tidy-scheduler"))


@each_example
def test_a_page_is_served_from_the_database(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)
    browser.post("/notes", {"text": f"a page of {example.framework}"})

    assert f"a page of {example.framework}" in browser.text("/")


@pytest.fixture
def public(juju: Deployment, example: Example) -> str:
    """Return the URL at the ingress."""

    def address() -> str:
        document = json.loads(juju("run", "traefik-k8s/0", "show-proxied-endpoints", "--format", "json"))
        return (
            json.loads(document["traefik-k8s/0"]["results"]["proxied-endpoints"])
            .get(example.application, {})
            .get("url")
        )

    url = juju.wait("address", address)
    juju.wait("answer through the ingress", lambda: browse(f"{url}/health").status == 200)
    return url


def styles(page: Page) -> list[str]:
    links = re.findall(r'<link rel="stylesheet" href="([^"]*)"', page.text)
    assert links
    return links


@each_example
def test_a_form_works_under_the_path_of_the_ingress(example: Example, public: str):
    path = urlsplit(public).path
    page = browse(f"{public}/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    form = {"text": "left through the ingress", **({"csrfmiddlewaretoken": token[1]} if token else {})}
    action = re.search(r'<form method="post"(?: action="([^"]*)")?>', page.text)
    assert action

    sent = browse(urljoin(f"{public}/", action[1] or ""), form, {"Cookie": page.cookies, "Referer": f"{public}/"})

    assert path == f"/test-{example.application}"
    assert (sent.status // 100, urljoin(f"{public}/", sent.headers["Location"])) == (3, f"{public}/")
    assert "left through the ingress" in browse(f"{public}/").text
    assert all(style.startswith(f"{path}/") and browse(urljoin(public, style)).status == 200 for style in styles(page))


@pytest.mark.parametrize("example", [pytest.param(EXAMPLES[0], id="django")])
def test_djangos_admin_finds_its_styles_under_the_path(public: str):
    page = browse(f"{public}/admin/login/")

    assert {browse(urljoin(public, style)).status for style in styles(page)} == {200}
    assert f'action="{urlsplit(public).path}/admin/login/' in page.text


@pytest.mark.parametrize("example", [pytest.param(EXAMPLES[1], id="fastapi")])
def test_fastapis_documentation_finds_its_schema_under_the_path(public: str):
    schema = re.search(r"url: '([^']*)'", browse(f"{public}/docs").text)

    assert schema
    assert json.loads(browse(urljoin(public, schema[1])).text)["info"]["title"] == "Notes"


@each_example
def test_a_metric_is_scraped(juju: Deployment, example: Example):
    Browser(juju, example.application).post("/notes", {"text": "counted"})
    # Quoted, since the values of an action are YAML.
    query = f"""query='{{juju_application="{example.application}"}}'"""

    def names() -> set[str]:
        document = json.loads(juju("run", "prometheus-k8s/0", "list-metrics", query, "--format", "json"))
        samples = document["prometheus-k8s/0"]["results"].get("metrics", {})
        return {each["metric"].partition("{")[0] for each in samples.values()}

    assert juju.wait(f"{example.metric} among {names()}", lambda: example.metric in names())


@each_example
def test_an_option_reaches_the_application(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)

    juju("config", example.application, "greeting=Welcome")

    juju.wait("new greeting", lambda: browser.get("/settings")["greeting"] == "Welcome")
    juju("config", example.application, "--reset", "greeting")
    juju.wait_for(example.unit, "active")


@each_example
def test_an_invalid_option_blocks_while_the_application_keeps_running(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)
    option = example.bad_option.partition("=")[0]

    juju("config", example.application, example.bad_option)

    assert juju.wait_for(example.unit, "blocked").startswith(f"invalid options: {option} (")
    assert browser.get("/health")["status"] == "ok"
    juju("config", example.application, "--reset", option)
    juju.wait_for(example.unit, "active")


@each_example
def test_sessions_survive_a_new_secret_key_where_the_framework_can(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)
    visits = [browser.get("/visits")["visits"] for _ in range(3)]

    juju("run", f"{example.application}/leader", "rotate-secret-key")
    visits.append(browser.get("/visits")["visits"])

    assert visits == [1, 2, 3, 4 if example.application == "django-k8s" else 1]
    juju.wait_for(example.unit, "active")


@each_example
def test_a_killed_application_is_restarted(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)

    juju.kill(example.process)

    juju.wait("answer", lambda: browser.get("/health")["status"] == "ok")
    juju.wait_for(example.unit, "active")


def test_the_port_option_changes_the_port(juju: Deployment):
    juju("config", "fastapi-k8s", "webserver-port=9090")

    # Until then the old address may show the metrics, which keep their port.
    juju.wait("new port", lambda: "9090" in Browser(juju, "fastapi-k8s").text("/settings"))

    juju("config", "fastapi-k8s", "--reset", "webserver-port")
    juju.wait_for("fastapi-k8s/0", "active")


def test_django_gets_a_superuser_who_can_log_in(juju: Deployment):
    output = juju("run", "django-k8s/leader", "create-superuser", "username=ann", "email=ann@example.com")

    password = output.partition("password:")[2].strip()
    assert password
    page = Browser(juju, "django-k8s").log_in("/admin/login/", "ann", password)
    assert "Site administration" in page
    assert password not in juju("debug-log", "--limit", "0", "--level", "TRACE")


def test_django_without_a_database_names_the_command(juju: Deployment):
    juju("remove-relation", "django-k8s", "postgresql-k8s")

    message = juju.wait_for("django-k8s/0", "blocked")

    assert "juju integrate django-k8s postgresql-k8s" in message
    juju("integrate", "django-k8s", "postgresql-k8s")
    juju.wait_for("django-k8s/0", "active")
