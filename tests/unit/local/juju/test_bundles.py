"""Bundles: their documents, the overlays, and the changes that a model needs."""

import dataclasses
from typing import Any

import pytest
from model_builders import FLASK, POSTGRES, deployed, empty
from paas_local.juju import bundle_changes, bundles, operations
from paas_local.juju.bundles import Bundle, BundleApplication
from paas_local.juju.charm import StorageRange
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model

DOCUMENT: dict[str, Any] = {
    "bundle": "kubernetes",
    "name": "shop",
    "applications": {
        "web": {
            "charm": "/charms/web",
            "scale": 2,
            "options": {"debug": True, "workers": 3, "greeting": "hi"},
            "resources": {"app-image": "/app"},
            "storage": {"data": 2},
            "trust": True,
            "expose": True,
            "channel": "edge",
            "constraints": "mem=1G",
        },
        "postgresql-k8s": {"charm": "postgresql-k8s"},
    },
    "relations": [["web:db", "postgresql-k8s:database"]],
}


def changed(**keys: Any) -> dict[str, Any]:
    """Return the document with other keys of the application ``web``."""
    web = {**DOCUMENT["applications"]["web"], **keys}
    return {**DOCUMENT, "applications": {**DOCUMENT["applications"], "web": web}}


def texts(bundle: Bundle, model: Model) -> list[str]:
    document = bundles.of_model(model)
    present = bundles.parse(document) if document["applications"] else Bundle(applications={})
    return [str(change) for change in bundle_changes.changes(bundle, present)]


def test_a_document_becomes_applications_and_relations():
    bundle = bundles.parse(DOCUMENT)

    assert bundle.applications["web"] == BundleApplication(
        name="web",
        charm="/charms/web",
        scale=2,
        options={"debug": "true", "workers": "3", "greeting": "hi"},
        resources={"app-image": "/app"},
        storage={"data": "2"},
        trust=True,
        expose=True,
    )
    assert bundle.applications["postgresql-k8s"] == BundleApplication(name="postgresql-k8s", charm="postgresql-k8s")
    assert bundle.relations == (("web:db", "postgresql-k8s:database"),)
    assert bundle.ignored == {"channel", "constraints"}


def test_a_relation_may_have_several_second_ends_and_the_same_one_counts_once():
    document = {
        "applications": {name: {"charm": name} for name in ("a", "b", "c")},
        "relations": [["a:x", ["b:y", "c:z"]], ["a:x", "b:y"]],
    }

    assert bundles.parse(document).relations == (("a:x", "b:y"), ("a:x", "c:z"))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param({}, "applications: at least one application must be specified", id="empty"),
        pytest.param({**DOCUMENT, "bundle": "machines"}, "bundle: must be kubernetes; found machines", id="type"),
        pytest.param({**DOCUMENT, "machines": {}}, "machines: not possible here: a pod has no machine", id="machines"),
        pytest.param(
            {**DOCUMENT, "saas": {"pg": "url"}},
            "saas.pg.url: must be the URL of an offer, as admin/model.offer",
            id="saas",
        ),
        pytest.param(
            changed(offers={"web": {"endpoints": "db"}}),
            "applications.web.offers.web.endpoints: must be a list of endpoints",
            id="offer",
        ),
        pytest.param(changed(offers=["db"]), "applications.web.offers: must be a mapping", id="offers"),
        pytest.param({**DOCUMENT, "charms": {}}, "charms: unknown key", id="unknown key"),
        pytest.param({"applications": []}, "applications: at least one application must be specified", id="a list"),
        pytest.param(
            {"applications": {"web": "./web"}}, "applications.web: must be a mapping of keys to values", id="a text"
        ),
        pytest.param(
            {"applications": {"Web": {"charm": "x"}}}, 'applications.Web: invalid application name "Web"', id="name"
        ),
        pytest.param(changed(charm=None), "applications.web.charm: missing", id="no charm"),
        pytest.param(changed(scale="two"), "applications.web.scale: must be a number of units; found two", id="scale"),
        pytest.param(
            changed(num_units=1), "applications.web.num_units: must not be there together with scale", id="both"
        ),
        pytest.param(changed(trust="yes"), "applications.web.trust: must be true or false; found yes", id="trust"),
        pytest.param(
            changed(devices={}), "applications.web.devices: not possible here: a pod has no devices", id="devices"
        ),
        pytest.param(changed(colour="red"), "applications.web.colour: unknown key", id="unknown application key"),
        pytest.param(changed(options=["a"]), "applications.web.options: must be a mapping", id="options"),
        pytest.param(
            changed(options={"a": [1]}),
            "applications.web.options.a: must be a text, a number, true or false",
            id="value",
        ),
        pytest.param(
            {**DOCUMENT, "relations": [["web:db", "mysql:database"]]},
            'relations: relation ["web:db" "mysql:database"] refers to application "mysql" not defined',
            id="unknown application",
        ),
        pytest.param({**DOCUMENT, "relations": ["web:db"]}, "relations: must be pairs", id="no pair"),
        pytest.param({**DOCUMENT, "relations": {"web": "db"}}, "relations: must be a list of pairs", id="no list"),
        pytest.param({**DOCUMENT, "relations": [["web", [3]]]}, "relations: must be pairs", id="a number"),
    ],
)
def test_what_a_bundle_must_not_contain_is_refused_with_its_key(document: dict[str, Any], message: str):
    with pytest.raises(JujuError) as raised:
        bundles.parse(document)

    assert raised.value.message.startswith(f"bundle: {message}")
    assert "\n" not in raised.value.message


def test_an_overlay_changes_keys_adds_relations_and_removes_applications():
    overlay = {
        "applications": {
            "web": {"scale": 1, "options": {"debug": False}},
            "postgresql-k8s": None,
            "mysql-k8s": {"charm": "mysql-k8s"},
        },
        "relations": [["web:db", "mysql-k8s:database"]],
    }

    bundle = bundles.parse(bundles.merged(DOCUMENT, overlay))

    assert sorted(bundle.applications) == ["mysql-k8s", "web"]
    assert bundle.applications["web"].scale == 1
    assert bundle.applications["web"].options == {"debug": "false", "workers": "3", "greeting": "hi"}
    assert bundle.relations == (("web:db", "mysql-k8s:database"),)


def test_an_overlay_that_is_not_one_names_its_key():
    with pytest.raises(JujuError, match="bundle: applications: must be a mapping of names to mappings"):
        bundles.merged(DOCUMENT, {"applications": {"web": 3}})


def test_an_empty_model_needs_everything():
    assert texts(bundles.parse(DOCUMENT), empty()) == [
        "upload charm postgresql-k8s",
        "deploy application postgresql-k8s with 1 unit",
        "upload charm /charms/web",
        "deploy application web with 2 units using /charms/web",
        "expose all endpoints of web and allow access from CIDRs 0.0.0.0/0 and ::/0",
        "add relation web:db - postgresql-k8s:database",
    ]


def related() -> Model:
    model = deployed(deployed(empty(), FLASK, "web"), POSTGRES)
    return operations.integrate(model, "web", "postgresql-k8s")


def test_a_model_with_the_applications_needs_the_differences_only():
    document = changed(charm="/charms/flask", options={"workers": 3, "greeting": "hi"})
    model = operations.configure(related(), "web", {"greeting": "hi"})

    assert texts(bundles.parse(document), model) == [
        "set application options for web",
        "scale web to 2 units",
        "expose all endpoints of web and allow access from CIDRs 0.0.0.0/0 and ::/0",
    ]
    (options, *_) = bundle_changes.changes(bundles.parse(document), bundles.parse(bundles.of_model(model)))
    assert options == bundle_changes.SetOptions(application="web", options={"workers": "3"})


@pytest.mark.parametrize("ends", [["web", "postgresql-k8s"], ["postgresql-k8s:database", "web:db"]])
def test_a_relation_that_is_there_is_not_added_again(ends: list[str]):
    document = {
        "applications": {"web": {"charm": "./web"}, "postgresql-k8s": {"charm": "postgresql-k8s"}},
        "relations": [ends],
    }

    assert texts(bundles.parse(document), related()) == []


def test_an_application_keeps_its_charm():
    document = {"applications": {"web": {"charm": "postgresql-k8s"}}}

    with pytest.raises(JujuError) as raised:
        texts(bundles.parse(document), related())

    assert raised.value.message == (
        'cannot change application "web": it runs the charm "flask-k8s", not "postgresql-k8s"'
    )


def test_a_model_is_exported_with_what_the_operator_has_set():
    stored = dataclasses.replace(POSTGRES, multiple={"pgdata": StorageRange(minimum=1, maximum=None)})
    request = operations.Request(
        charm=stored, application="db", resources={}, config={}, storage={"pgdata": 2}, trust=True
    )
    model = operations.deploy(deployed(empty(), FLASK), request, ["10.152.0.9"], 0)
    model = operations.set_exposed(operations.configure(model, "flask-k8s", {"debug": "true"}), "db", exposed=True)
    model = operations.integrate(model, "db", "flask-k8s")

    document = bundles.of_model(model)

    assert document == {
        "bundle": "kubernetes",
        "applications": {
            "db": {
                "charm": "local:postgresql-k8s-0",
                "scale": 1,
                "storage": {"pgdata": 2},
                "expose": True,
                "trust": True,
            },
            "flask-k8s": {"charm": "local:flask-k8s-0", "scale": 1, "options": {"debug": True}},
        },
        "relations": [["flask-k8s:db", "db:database"]],
    }
    defaults = bundles.of_model(model, defaults=True)["applications"]["flask-k8s"]["options"]
    assert defaults == {"debug": True, "greeting": "hello", "workers": 2}
    assert bundle_changes.changes(bundles.parse(document), bundles.parse(document)) == ()


def test_offers_are_consumed_before_the_relations_and_created_after_them():
    document: dict[str, Any] = {
        "applications": {"web": {"charm": "./web", "offers": {"site": {"endpoints": ["metrics", "http"], "acl": {}}}}},
        "saas": {"pg": {"url": "admin/data.pg"}},
        "relations": [["web:db", "pg:database"]],
    }
    bundle = bundles.parse(document)

    assert texts(bundle, empty())[2:] == [
        "consume offer pg at admin/data.pg",
        "add relation web:db - pg:database",
        "create offer site using web:metrics,http",
    ]
    assert bundle_changes.changes(bundle, bundle) == ()
