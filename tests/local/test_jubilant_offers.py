"""The commands about offers through jubilant, with the real controller; its pods never start, so no hook runs."""

import json
import zipfile
from collections.abc import Generator
from pathlib import Path

import jubilant
import pytest
import yaml
from jubilant.statustypes import OfferStatus, RemoteAppStatus, RemoteEndpoint
from podless_controller import PAAS_LOCAL, controller, error

ENDPOINT = {"sql": RemoteEndpoint(interface="sql", role="provider")}


def packed(folder: Path, name: str, role: str) -> Path:
    """Return a packed charm with one endpoint."""
    file = folder / f"{name}.charm"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.yaml", yaml.safe_dump({"name": name, role: {"sql": {"interface": "sql"}}}))
        archive.writestr("dispatch", "#!/bin/sh\n")
    return file


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[jubilant.Juju, jubilant.Juju]]:
    """Yield jubilant in a model with a database, and in one with its consumer."""
    charms = tmp_path_factory.mktemp("charms")
    with controller(tmp_path_factory.mktemp("cache")):
        store, web = jubilant.Juju(cli_binary=str(PAAS_LOCAL)), jubilant.Juju(cli_binary=str(PAAS_LOCAL))
        store.add_model("store")
        store.deploy(packed(charms, "db", "provides"))
        web.add_model("web")
        web.deploy(packed(charms, "app", "requires"))
        yield store, web


@pytest.fixture
def store(models: tuple[jubilant.Juju, jubilant.Juju]) -> Generator[jubilant.Juju]:
    """Yield the model with the database, without offers at the end."""
    juju, web = models
    yield juju
    for name in web.status().app_endpoints:
        web.cli("remove-saas", name)
    for name in juju.status().offers:
        juju.cli("remove-offer", f"store.{name}", "--force", "--yes", include_model=False)


@pytest.fixture
def web(models: tuple[jubilant.Juju, jubilant.Juju]) -> jubilant.Juju:
    """Return the model with the consumer."""
    return models[1]


def related(store: jubilant.Juju, web: jubilant.Juju) -> int:
    """Offer the database, integrate the consumer with it, and return the id of the relation to the offer."""
    store.offer("db", endpoint="sql", name="shared")
    web.integrate("app", "store.shared")
    (connection,) = json.loads(store.cli("offers", "--format", "json"))["shared"]["connections"]
    return connection["relation-id"]


def test_an_offer_is_consumed_under_an_alias_and_integrated(store: jubilant.Juju, web: jubilant.Juju):
    store.offer("db", endpoint="sql")
    web.consume("store.db", "alias", owner="admin", controller="local")
    web.integrate("app", "alias")

    status = web.status()
    saas = status.app_endpoints["alias"]
    assert (saas.url, saas.endpoints, saas.life) == ("local:admin/store.db", ENDPOINT, "alive")
    assert (saas.relations, saas.app_status.current) == ({"sql": ["app"]}, "waiting")
    assert [each.related_app for each in status.apps["app"].relations["sql"]] == ["alias"]
    assert store.status().offers == {
        "db": OfferStatus(
            app="db", charm="local:db-0", endpoints=ENDPOINT, total_connected_count=1, active_connected_count=0
        )
    }


def test_integrate_consumes_an_offer_under_its_own_name(store: jubilant.Juju, web: jubilant.Juju):
    related(store, web)

    assert isinstance(web.status().app_endpoints["shared"], RemoteAppStatus)
    relations = web.cli("status", "--relations").splitlines()
    assert ["shared:sql", "app:sql", "sql", "regular"] in [line.split() for line in relations]
    assert ["SAAS", "Status", "Store", "URL"] in [line.split() for line in relations]
    assert ["shared", "waiting", "local", "admin/store.shared"] in [line.split() for line in relations]
    offers = [line.split() for line in store.cli("status").splitlines()]
    assert ["Offer", "Application", "Charm", "Rev", "Connected", "Endpoint", "Interface", "Role"] in offers
    assert ["shared", "db", "db", "0", "0/1", "sql", "sql", "provider"] in offers


def test_offers_are_found_shown_and_listed(store: jubilant.Juju, web: jubilant.Juju):
    number = related(store, web)
    url = "local:admin/store.shared"

    for words in (
        [],
        ["store"],
        ["admin/store.shared"],
        ["--offer", "har"],
        ["--interface", "sql"],
        ["--url", "store"],
    ):
        assert list(json.loads(web.cli("find-offers", *words, "--format", "json", include_model=False))) == [url]
    assert web.cli("find-offers", include_model=False).splitlines()[1].split() == [url, "admin", "sql:sql"]
    assert list(json.loads(store.cli("show-offer", "shared", "--format", "json"))) == [url]
    assert web.cli("show-offer", url).splitlines()[1].split() == [
        *("local", "admin/store.shared", "admin", "sql", "sql", "provider"),
    ]
    row = ["shared", "admin", str(number), "joining", "sql", "sql", "provider"]
    assert store.cli("offers").splitlines()[1].split() == row
    assert store.cli("offers", "--format", "summary").splitlines()[1].split() == [
        *("shared", "db", "local:db-0", "0/1", "local", "admin/store.shared", "sql", "sql", "provider"),
    ]
    assert store.cli("offers", "--application", "other").splitlines()[1:] == []


def test_a_relation_is_suspended_and_resumed(store: jubilant.Juju, web: jubilant.Juju):
    number = related(store, web)

    store.cli("suspend-relation", str(number), "--message", "night")
    (connection,) = json.loads(store.cli("offers", "--format", "json"))["shared"]["connections"]
    assert connection["status"] == {"current": "suspended", "message": "night"}
    assert "suspended  night" in web.cli("status", "--relations")

    store.cli("resume-relation", str(number))
    assert "suspended" not in web.cli("status", "--relations") + store.cli("offers")


def test_the_end_of_an_offer_terminates_its_consumer(store: jubilant.Juju, web: jubilant.Juju):
    related(store, web)
    assert error(web, "remove-offer", "store.shared") == (
        'ERROR cannot delete application offer "shared": offer has 1 relation\n',
        1,
    )
    assert error(store, "remove-application", "db", "--no-prompt") == (
        ('ERROR removing application db failed: cannot destroy application "db": application is used by 1 consumer\n'),
        1,
    )

    assert error(store, "remove-offer", "shared", "--force") == (
        (
            "WARNING! This command will remove offers: shared\n"
            "This includes all relations to those offers.\n"
            "ERROR the removal of relations must be confirmed: add --yes\n"
        ),
        1,
    )
    assert list(store.status().offers) == ["shared"]

    store.cli("remove-offer", "shared", "--force", "-y")

    status = web.status().app_endpoints["shared"].app_status
    assert (status.current, status.message) == ("terminated", "offer has been removed")
    assert store.status().offers == {}
    assert list(web.status().apps["app"].relations) == []
    web.cli("remove-saas", "shared")
    assert web.status().app_endpoints == {}


def test_a_destroyed_model_terminates_its_consumers(store: jubilant.Juju, web: jubilant.Juju, tmp_path: Path):
    other = jubilant.Juju(cli_binary=str(PAAS_LOCAL))
    other.add_model("other")
    other.deploy(packed(tmp_path, "db", "provides"))
    other.offer("other.db", endpoint=["sql", "juju-info"], name="brief")
    web.integrate("app", "admin/other.brief:sql")

    other.destroy_model("other", force=True)

    assert web.status().app_endpoints["brief"].app_status.current == "terminated"
    assert store.status().offers == {}


@pytest.mark.parametrize(
    ("words", "text", "code"),
    [
        pytest.param(
            ["offer", "db"], 'endpoints must conform to format "<application-name>:<endpoint-name>[,...]"', 1, id="word"
        ),
        pytest.param(["offer", "Db:sql"], 'application name "Db" not valid', 1, id="name of an application"),
        pytest.param(["offer", "db:"], "specify endpoints for db", 1, id="no endpoint"),
        pytest.param(["offer", "none.db:sql"], "model local:admin/none not found", 1, id="model"),
        pytest.param(
            ["offer", "x:sql"], 'getting offered application x: application "x" not found', 1, id="application"
        ),
        pytest.param(["consume", "store.x"], 'application offer "admin/store.x" not found', 1, id="offer"),
        pytest.param(["consume", "store.x", "9"], 'invalid application name "9"', 2, id="alias"),
        pytest.param(["integrate", "db", "none.x"], 'model "admin/none" not found', 1, id="integrate with no model"),
        pytest.param(["find-offers", "--offer", "x"], "no matching application offers found", 1, id="none found"),
        pytest.param(["show-offer", "x"], 'application offer "admin/store.x" not found', 1, id="none shown"),
        pytest.param(["remove-offer", "x"], 'application offer "admin/store.x" not found', 1, id="none removed"),
        pytest.param(
            ["remove-saas", "x"], 'removing SAAS application x failed: saas application "x" not found', 1, id="SAAS"
        ),
        pytest.param(["suspend-relation", "x"], 'relation ID "x" not valid', 2, id="id"),
        pytest.param(["resume-relation"], "no relation ids specified", 2, id="no id"),
        pytest.param(["suspend-relation", "99"], "relation 99 not found", 1, id="relation"),
        pytest.param(
            ["set-firewall-rule"], "set-firewall-rule is not possible here: this machine has one network", 1, id="rule"
        ),
    ],
)
def test_bad_words_get_one_line(store: jubilant.Juju, words: list[str], text: str, code: int):
    command, *rest = words
    model = [] if command in {"find-offers", "set-firewall-rule"} else ["--model", "store"]
    with pytest.raises(jubilant.CLIError) as raised:
        store.cli(command, *model, *rest, include_model=False)

    assert (raised.value.stderr, raised.value.returncode) == (f"ERROR {text}\n", code)
