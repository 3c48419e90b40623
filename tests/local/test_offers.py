"""The Flask example in one model and its database in another: it serves, is suspended and resumed, and its removal."""

import dataclasses
import json
from collections.abc import Generator
from pathlib import Path

import pytest
from deployment import Deployment, new_home, with_stand_ins

EXAMPLE = Path(__file__).parent.parent.parent / "examples/flask"
FLASK = "flask-k8s/0"
POSTGRESQL = "postgresql-k8s/0"


@pytest.fixture(scope="module")
def web(wheels: Path) -> Generator[Deployment]:
    """Yield the model of the example, which is integrated with the offer of another model."""
    with new_home(model="web", UV_FIND_LINKS=str(wheels)) as web:
        store = store_of(web)
        store("add-model", "store", "--no-switch")
        web("add-model", "web", "--no-switch")
        store.deploy_provider("postgresql-k8s")
        store("offer", "store.postgresql-k8s:database", "pg")
        charm = with_stand_ins(EXAMPLE / "charm", web.home)
        web("deploy", str(charm), "flask-k8s", "--resource", f"flask-app-image={EXAMPLE}")
        web("integrate", "flask-k8s", "store.pg")
        web.wait_for(FLASK, "active")
        yield web


def store_of(web: Deployment) -> Deployment:
    """Return the model of the database."""
    return dataclasses.replace(web, environment={**web.environment, "JUJU_MODEL": "store"})


@pytest.fixture
def store(web: Deployment) -> Deployment:
    """Return the model of the database."""
    return store_of(web)


def texts(web: Deployment) -> list[str]:
    """Return the notes in the database."""
    return [row["text"] for row in web.browser("flask-k8s").get("/notes")]


def connection(store: Deployment) -> dict[str, str]:
    """Return the id and the status of the relation to the offer."""
    (each,) = json.loads(store("offers", "--format", "json"))["pg"]["connections"]
    return {"id": str(each["relation-id"]), "status": each["status"]["current"]}


def test_the_application_serves_from_the_database_of_the_other_model(web: Deployment, store: Deployment):
    web.browser("flask-k8s").post("/notes", {"text": "across models"})

    assert texts(web) == ["across models"]
    assert connection(store)["status"] == "joined"
    assert store.status()["offers"]["pg"]["active-connected-count"] == 1
    assert web.status()["application-endpoints"]["pg"]["application-status"]["current"] == "active"
    assert store("secrets", "--format", "json") != web("secrets", "--format", "json")


def test_the_relation_survives_the_death_of_the_background_process(web: Deployment):
    web.kill("paas_local.controller.daemon")

    web.wait("answer", lambda: "across models" in texts(web))
    web.wait_for(FLASK, "active")


def test_a_suspended_relation_takes_the_database_away_until_it_is_resumed(web: Deployment, store: Deployment):
    number = connection(store)["id"]

    store("suspend-relation", number, "--message", "backup")
    web.wait_for(FLASK, "blocked")
    store.wait_for(POSTGRESQL, "active")
    assert connection(store)["status"] == "suspended"

    store("resume-relation", number)
    web.wait_for(FLASK, "active")
    web.browser("flask-k8s").post("/notes", {"text": "after the backup"})
    assert "after the backup" in texts(web)


def test_a_removed_offer_takes_the_database_away(web: Deployment, store: Deployment):
    store("remove-offer", "pg", "--force", "--yes")

    web.wait_for(FLASK, "blocked")
    assert web.status()["application-endpoints"]["pg"]["application-status"]["current"] == "terminated"
    web("remove-saas", "pg")
    assert "application-endpoints" not in web.status()
