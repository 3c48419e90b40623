"""The documents of ``juju resources``, which show what the application has and what each unit's charm has got."""

import dataclasses

import pytest
from model_builders import FLASK, NOW, deployed, empty
from paas_local.juju import hook_tools, operations, resources
from paas_local.juju.errors import JujuError
from paas_local.juju.events import Lifecycle
from paas_local.juju.hook_context import HookContext
from paas_local.juju.hook_tools.call import Request, ToolContext
from paas_local.juju.model import Model

READER = dataclasses.replace(FLASK, folder="/charms/reader", files={"more": "more.txt", "words": "words.txt"})
FIRST, SECOND = "2026-11-23T05:00:00Z", "2026-11-23T06:00:00Z"
UPDATE = Lifecycle(step="update-status")


def model() -> Model:
    """Return an application with two units, an image and one of its two files."""
    plain = deployed(empty(), FLASK, units=2)
    return operations.refresh(plain, "flask-k8s", READER, {"words": "/files/a"}, NOW)


def after_get(model: Model, unit: str) -> Model:
    hook = HookContext(unit=unit, event=UPDATE, snapshot=model)
    context = ToolContext(hook=hook, model=model, now=NOW, fresh_id="new")
    return hook_tools.answer(context, Request(tool="resource-get", arguments=["words"])).model


def times(model: Model, unit: str) -> dict[str, tuple[str, str]]:
    """Return the time of the unit's and of the application's upload, by resource."""
    return {
        entry["expected"]["name"]: (entry["unit"].get("timestamp", "-"), entry["expected"].get("timestamp", "-"))
        for entry in resources.document(model, unit, details=True)
    }


def test_an_entry_has_the_time_of_the_upload():
    image, more, words = resources.document(model(), "flask-k8s", details=False)["resources"]

    assert words == {
        "resourceid": "flask-k8s/words",
        "applicationId": "flask-k8s",
        "name": "words",
        "type": "file",
        "path": "words.txt",
        "revision": "a",
        "origin": "upload",
        "used": True,
        "timestamp": FIRST,
        "username": "admin",
    }
    assert (image["name"], image["type"], image["timestamp"]) == ("app-image", "oci-image", FIRST)
    assert (more["used"], "timestamp" in more) == (False, False)


def test_a_unit_has_the_file_that_its_charm_has_got_and_no_image():
    got = after_get(model(), "flask-k8s/1")

    assert times(got, "flask-k8s/0") == {"app-image": ("-", FIRST), "more": ("-", "-"), "words": ("-", FIRST)}
    assert times(got, "flask-k8s/1")["words"] == (FIRST, FIRST)
    replaced = operations.refresh(got, "flask-k8s", None, {"words": "/files/b"}, NOW + 3600)
    assert times(replaced, "flask-k8s/1")["words"] == (FIRST, SECOND)
    assert [entry["revision"] for entry in resources.document(replaced, "flask-k8s/1", details=False)] == ["-"] * 3
    assert times(after_get(replaced, "flask-k8s/1"), "flask-k8s/1")["words"] == (SECOND, SECOND)


def test_the_details_of_an_application_are_those_of_its_units_in_order():
    many = deployed(empty(), FLASK, units=11)

    entries = resources.document(many, "flask-k8s", details=True)["resources"]

    assert [entry["unitID"] for entry in entries] == [f"flask-k8s/{number}" for number in range(11)]
    assert entries[0]["progress"] == -1


@pytest.mark.parametrize(
    ("target", "message"),
    [
        pytest.param("Flask", '"Flask" is neither an application nor a unit', id="invalid"),
        pytest.param("nope", 'application "nope" not found', id="application"),
        pytest.param("flask-k8s/7", 'unit "flask-k8s/7" not found', id="unit"),
    ],
)
def test_another_target_is_an_error(target: str, message: str):
    with pytest.raises(JujuError, match=message):
        resources.document(model(), target, details=False)
