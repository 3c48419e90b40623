"""The examples of Django, FastAPI and Go under their real charms, all against one real PostgreSQL.

What does not differ from Flask's is in test_flask_end_to_end.py. The tests share one deployment, and each leaves it
active.
"""

import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from deployment import Browser, Deployment

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Example:
    """What differs between the examples."""

    framework: str
    image: str
    bad_option: str
    process: str
    """What its server has in its command line."""

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
    ),
    Example(framework="fastapi", image="app-image", bad_option="webserver-log-level=loud", process="uvicorn"),
    Example(framework="go", image="app-image", bad_option="app-port=70000", process="go-notes"),
)
each_example = pytest.mark.parametrize("example", [pytest.param(each, id=each.framework) for each in EXAMPLES])


@pytest.fixture(scope="module")
def juju(wheels: Path) -> Generator[Deployment]:
    """Give all three, integrated with one PostgreSQL and active; nothing of it stays."""
    with TemporaryDirectory(prefix="paas-") as home:
        environment = {**os.environ, "PAAS_LOCAL_HOME": home, "UV_FIND_LINKS": str(wheels), "JUJU_MODEL": "test"}
        deployment = Deployment(home=Path(home), environment=environment)
        try:
            deployment("add-model", "test", "--no-switch")
            deployment("deploy", "postgresql-k8s")
            for each in EXAMPLES:
                folder = ROOT / "examples" / each.framework
                deployment("deploy", str(folder / "charm"), each.application, "--resource", f"{each.image}={folder}")
                deployment("integrate", each.application, "postgresql-k8s")
            for each in EXAMPLES:
                deployment.wait_for(each.unit, "active")
            yield deployment
        finally:
            deployment.run("destroy-model", "test", "--no-prompt")
            deployment.run("shutdown")


@each_example
def test_a_row_is_written_and_read_and_the_worker_works_on_it(juju: Deployment, example: Example):
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


@each_example
def test_an_option_reaches_the_application(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)

    juju("config", example.application, "greeting=Welcome")

    juju.wait("new greeting", lambda: browser.get("/settings")["greeting"] == "Welcome")
    juju("config", example.application, "--reset", "greeting")
    juju.wait_for(example.unit, "active")


@each_example
def test_a_bad_option_blocks_and_the_application_goes_on(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)
    option = example.bad_option.partition("=")[0]

    juju("config", example.application, example.bad_option)

    assert juju.wait_for(example.unit, "blocked").startswith(f"invalid options: {option} (")
    assert browser.get("/health")["status"] == "ok"
    juju("config", example.application, "--reset", option)
    juju.wait_for(example.unit, "active")


@each_example
def test_a_new_secret_key_ends_sessions(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)
    before = [browser.get("/visits")["visits"] for _ in range(3)]

    juju("run", f"{example.application}/leader", "rotate-secret-key")

    juju.wait("new session", lambda: browser.get("/visits")["visits"] < 3)
    assert before == [1, 2, 3]
    juju.wait_for(example.unit, "active")


@each_example
def test_a_killed_application_answers_again(juju: Deployment, example: Example):
    browser = Browser(juju, example.application)

    juju.kill(example.process)

    juju.wait("answer", lambda: browser.get("/health")["status"] == "ok")
    juju.wait_for(example.unit, "active")


def test_a_port_option_moves_the_application(juju: Deployment):
    juju("config", "fastapi-k8s", "webserver-port=9090")

    # On the way the old address may show the metrics, which stay on their port.
    juju.wait("new port", lambda: "9090" in Browser(juju, "fastapi-k8s").text("/settings"))

    juju("config", "fastapi-k8s", "--reset", "webserver-port")
    juju.wait_for("fastapi-k8s/0", "active")


def test_django_gets_a_superuser_who_can_log_in(juju: Deployment):
    made = juju("run", "django-k8s/leader", "create-superuser", "username=ann", "email=ann@example.com")

    password = made.partition("password:")[2].strip()
    assert password
    page = Browser(juju, "django-k8s").log_in("/admin/login/", "ann", password)
    assert "Site administration" in page
    assert password not in juju("debug-log", "--limit", "0", "--level", "TRACE")


def test_django_without_a_database_says_what_to_do(juju: Deployment):
    juju("remove-relation", "django-k8s", "postgresql-k8s")

    message = juju.wait_for("django-k8s/0", "blocked")

    assert "juju integrate django-k8s postgresql-k8s" in message
    juju("integrate", "django-k8s", "postgresql-k8s")
    juju.wait_for("django-k8s/0", "active")
