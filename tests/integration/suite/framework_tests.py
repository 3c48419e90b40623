"""The integration tests of every framework, in the order in which they run: each leaves the application active."""

import re
from collections.abc import Sequence
from urllib.parse import urljoin, urlsplit

import arrivals
from browser import Page, browse
from model import DEPLOYMENT, TestModel
from related_charms import INGRESS, POSTGRESQL, Provider

from examples import Example, Project


def styles(page: Page) -> Sequence[str]:
    """Return the links to style sheets."""
    return re.findall(r'<link rel="stylesheet" href="([^"]*)"', page.text)


class FrameworkTests:
    """Base class of the tests; those of the subclass follow."""

    def test_the_previous_release_starts_with_its_database_and_migrates_once(self, model: TestModel, example: Example):
        model.deploy(model.name, model.place.project(example, previous=True))
        model.deploy_provider(POSTGRESQL)
        message = model.wait_for("blocked", patience=DEPLOYMENT)
        model.integrate(example, POSTGRESQL)
        model.wait_for("active", model.name, POSTGRESQL.charm, patience=DEPLOYMENT)

        assert "integrate" in message
        assert "postgresql-k8s" in message
        assert model.browser().post("/notes", {"text": "from the previous release"})["id"]
        assert model.migrations() == 1

    def test_a_refresh_keeps_rows_and_sessions_and_does_not_migrate_again(self, model: TestModel):
        browser = model.browser()
        before = model.juju.status()[model.name].revision
        visits = browser.get("/visits")["visits"]

        model.refresh(new_image=False)

        model.juju.wait(lambda status: status[model.name].revision > before)
        model.wait_for("active")
        model.eventually("session", lambda: browser.get("/visits")["visits"] == visits + 1)
        assert [note["text"] for note in browser.get("/notes")] == ["from the previous release"]
        assert model.migrations() == 1

    def test_a_note_is_processed_by_the_worker_and_the_scheduler_runs(self, model: TestModel):
        browser = model.browser()
        written = browser.post("/notes", {"text": "three little words"})

        words = model.eventually(
            "words", lambda: {row["id"]: row for row in browser.get("/notes")}[written["id"]]["words"]
        )

        assert words == 3
        assert model.eventually("scheduler", lambda: browser.get("/health")["jobs"].get("tidy-scheduler"))
        assert "three little words" in browser.text("/")

    def test_three_units_serve_and_survive_a_kill_of_the_leader_until_one_is_left(self, model: TestModel):
        # Before the other integrations: each unit would run hooks for each of them.
        before = model.migrations()
        model.juju.scale(model.name, 3)
        model.wait_for("active", units=3, patience=DEPLOYMENT)
        first = model.leader()

        model.place.kill(first)

        model.eventually("answer", lambda: model.browser().get("/health")["status"] == "ok")
        model.wait_for("active", units=3)
        assert model.leader().startswith(f"{model.name}/")
        assert model.migrations() == before
        model.juju.scale(model.name, 1)
        model.wait_for("active")
        assert model.eventually("answer of one unit", lambda: model.browser().get("/health")["status"] == "ok")

    def test_each_option_has_its_effect(self, model: TestModel, example: Example):
        def missing() -> set[str]:
            service = model.place.service(f"{model.name}/0", example.container)
            return {name for name, option in example.options.items() if option.effect not in service}

        assert missing() == example.options.keys()
        model.juju.config(model.name, {name: option.value for name, option in example.options.items()})

        greeted = example.options["greeting"].value
        model.eventually("greeting", lambda: model.browser().get("/settings")["greeting"] == greeted)
        model.wait_for("active")
        assert missing() == set()
        secret = model.juju.share_secret("key", {"value": "from-a-secret"}, model.name)
        model.juju.config(model.name, {example.secret_option: secret}, reset=[*example.options])
        model.eventually("old greeting", lambda: model.browser().get("/settings")["greeting"] != greeted)
        model.wait_for("active")
        service = model.place.service(f"{model.name}/0", example.container)
        assert "SECRET_KEY=from-a-secret\n" in f"{service}\n"
        model.juju.config(model.name, {}, reset=[example.secret_option])
        model.eventually(
            "generated key",
            lambda: "=from-a-secret" not in model.place.service(f"{model.name}/0", example.container),
        )
        model.wait_for("active")

    def test_an_invalid_option_blocks_until_it_is_reset_and_the_application_keeps_running(
        self, model: TestModel, example: Example
    ):
        option, value = example.bad_option
        model.juju.config(model.name, {option: value})

        message = model.wait_for("blocked")

        assert message.startswith(f"invalid options: {option} (")
        assert str(value) not in message
        assert model.browser().get("/health")["status"] == "ok"
        model.juju.config(model.name, {}, reset=[option])
        model.wait_for("active")

    def test_a_new_secret_key_ends_sessions_unless_the_framework_knows_the_old_one(
        self, model: TestModel, example: Example
    ):
        browser = model.browser()
        visits = [browser.get("/visits")["visits"] for _ in range(3)]

        model.juju.run(model.name, "rotate-secret-key", {})
        after = model.eventually("answer", lambda: browser.get("/visits")["visits"])

        assert visits == [1, 2, 3]
        assert after == (4 if example.keeps_sessions else 1)
        model.wait_for("active")

    def test_a_new_image_migrates_once_more(self, model: TestModel):
        before = model.migrations()

        model.refresh(new_image=True)

        browser = model.browser()
        model.eventually(
            "new migration", lambda: [row["text"] for row in browser.get("/notes")].count("from a new migration") == 1
        )
        model.wait_for("active")
        assert model.migrations() == before + 1

    def test_a_form_works_under_the_path_of_the_ingress(self, model: TestModel, example: Example):
        model.deploy_provider(INGRESS)
        model.integrate(example, INGRESS)
        model.wait_for("active", INGRESS.charm, patience=DEPLOYMENT)
        public = model.public_url()
        path = urlsplit(public).path
        assert path.endswith(f"-{model.name}")
        model.eventually("page with the path", lambda: f'"{path}' in browse(f"{public}/").text)
        page = browse(f"{public}/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        form = {"text": "left through the ingress", **({"csrfmiddlewaretoken": token[1]} if token else {})}
        action = re.search(r'<form method="post"(?: action="([^"]*)")?>', page.text)
        assert action

        sent = browse(urljoin(f"{public}/", action[1] or ""), form, {"Cookie": page.cookies, "Referer": f"{public}/"})

        assert (sent.status // 100, urljoin(f"{public}/", sent.headers["Location"])) == (3, f"{public}/")
        assert "left through the ingress" in browse(f"{public}/").text
        links = styles(page)
        assert all(link.startswith(f"{path}/") and browse(urljoin(public, link)).status == 200 for link in links)

    def test_every_integration_sets_its_variable(
        self, model: TestModel, integrating: Project, integrations: Sequence[Provider]
    ):
        model.wait_for("active", integrating.application, *(each.charm for each in integrations), patience=DEPLOYMENT)

        sources = model.sources(integrating.application)
        for provider in integrations:
            variables = [name for name in sources if provider.variable and name.endswith(provider.variable)]
            assert {sources[name] for name in variables} == (
                {f"integration {provider.endpoint}"} if provider.variable else set()
            ), provider.charm

    def test_metrics_log_lines_and_dashboards_arrive(
        self, model: TestModel, integrating: Project, integrations: Sequence[Provider]
    ):
        model.browser(integrating.application).get("/health")
        for provider in integrations:
            if provider.charm in arrivals.ARRIVALS:
                arrived = arrivals.ARRIVALS[provider.charm]
                model.eventually(f"data at {provider.charm}", lambda arrived=arrived: arrived(model, integrating))

    def test_without_its_database_the_application_names_the_command(self, model: TestModel, example: Example):
        model.juju.remove(f"{model.name}:{POSTGRESQL.endpoint}", POSTGRESQL.charm)

        message = model.wait_for("blocked")

        assert f"juju integrate {model.name} postgresql-k8s" in message
        model.integrate(example, POSTGRESQL)
        model.wait_for("active")
        assert model.eventually("answer", lambda: model.browser().get("/health")["status"] == "ok")
