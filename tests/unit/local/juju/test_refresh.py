"""The refresh of an application: its options, relations and images."""

import dataclasses

import model_builders
import pytest
from model_builders import FLASK, NOW, POSTGRES
from paas_local.controller import live_update
from paas_local.juju import operations
from paas_local.juju.charm import Charm, Endpoint, Option
from paas_local.juju.errors import JujuError
from paas_local.juju.model import Model

NEW = dataclasses.replace(FLASK, folder="/charms/newer")
IMAGES = {"app-image": "/rocks/newer"}


@pytest.fixture
def model() -> Model:
    model = model_builders.deployed(model_builders.deployed(model_builders.empty(), FLASK), POSTGRES)
    return operations.integrate(model, "flask-k8s", "postgresql-k8s")


def test_a_new_charm_gets_the_next_revision(model: Model):
    after = operations.refresh(model, "flask-k8s", NEW, IMAGES, NOW)

    application = after.applications["flask-k8s"]
    assert (application.charm.folder, application.charm.revision) == ("/charms/newer", 1)
    assert application.resources == IMAGES
    (unit,) = application.units.values()
    assert unit == dataclasses.replace(model.applications["flask-k8s"].units["flask-k8s/0"], pod=False)


def test_the_same_charm_and_images_change_nothing(model: Model):
    assert operations.refresh(model, "flask-k8s", FLASK, {"app-image": "/rocks/some"}, NOW) == model


def test_what_is_not_named_stays(model: Model):
    images_only = operations.refresh(model, "flask-k8s", None, IMAGES, NOW).applications["flask-k8s"]
    charm_only = operations.refresh(model, "flask-k8s", NEW, {}, NOW).applications["flask-k8s"]

    assert (images_only.charm, images_only.resources) == (model.applications["flask-k8s"].charm, IMAGES)
    assert (charm_only.charm.folder, charm_only.resources) == ("/charms/newer", {"app-image": "/rocks/some"})


def test_options_that_are_absent_or_of_another_type_are_reset(model: Model):
    model = operations.configure(model, "flask-k8s", {"workers": "3", "greeting": "hi", "debug": "true"})
    new = dataclasses.replace(NEW, options={"greeting": Option(), "workers": Option(type="string")})

    after = operations.refresh(model, "flask-k8s", new, IMAGES, NOW)

    assert after.applications["flask-k8s"].config == {"greeting": "hi"}


def test_a_new_peer_endpoint_gets_its_relation(model: Model):
    peer = Endpoint(name="friends", interface="friends", role="peer")
    new = dataclasses.replace(NEW, endpoints={**FLASK.endpoints, "friends": peer})

    after = operations.refresh(model, "flask-k8s", new, IMAGES, NOW)

    assert len(after.relations_of("flask-k8s")) == len(model.relations_of("flask-k8s")) + 1


@pytest.mark.parametrize(
    ("charm", "images", "message"),
    [
        pytest.param(dataclasses.replace(NEW, name="other"), IMAGES, 'it runs the charm "flask-k8s"', id="charm"),
        pytest.param(dataclasses.replace(NEW, endpoints={}), IMAGES, "would break relation", id="relation"),
        pytest.param(dataclasses.replace(NEW, storage=("data",)), IMAGES, "the storage of the charm", id="storage"),
        pytest.param(
            dataclasses.replace(NEW, images=("new-image",)),
            {},
            "missing OCI images for: new-image",
            id="no image",
        ),
        pytest.param(NEW, {**IMAGES, "x": "/x"}, 'unrecognized resource "x"', id="unknown image"),
    ],
)
def test_an_incompatible_charm_is_an_error(model: Model, charm: Charm, images: dict[str, str], message: str):
    with pytest.raises(JujuError, match=message):
        operations.refresh(model, "flask-k8s", charm, images, NOW)


def test_refresh_may_change_only_the_images(model: Model):
    after = operations.with_images(model, "flask-k8s", IMAGES, NOW)

    assert after.applications["flask-k8s"].resources == IMAGES


def test_a_file_may_be_attached_later_and_stays_until_the_charm_no_longer_has_it(model: Model):
    new = dataclasses.replace(NEW, files={"words": "words.txt"})
    model = operations.refresh(model, "flask-k8s", new, {}, NOW)
    assert "words" not in model.applications["flask-k8s"].resources

    attached = operations.refresh(model, "flask-k8s", None, {"words": "/files/a"}, NOW)
    synced = operations.with_images(attached, "flask-k8s", IMAGES, NOW)
    assert synced.applications["flask-k8s"].resources == {**IMAGES, "words": "/files/a"}

    as_image = dataclasses.replace(NEW, images=("app-image", "words"), folder="/charms/newest")
    with pytest.raises(JujuError, match="missing OCI images for: words"):
        operations.refresh(attached, "flask-k8s", as_image, {}, NOW)
    without = operations.refresh(attached, "flask-k8s", FLASK, {}, NOW)
    assert without.applications["flask-k8s"].resources == {"app-image": "/rocks/some"}


def test_the_same_images_change_no_container(model: Model):
    assert live_update.changed(model, "flask-k8s", {"app-image": "/rocks/some"}) == []
    with pytest.raises(JujuError, match='application "x" not found'):
        live_update.changed(model, "x", {})
