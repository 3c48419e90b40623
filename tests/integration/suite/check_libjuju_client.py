"""The client of leg C against answers in the form of Juju's API; run by ``test_legs.py`` where the library is."""

import asyncio
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import juju_api
import protocol
import pytest
from libjuju_client import LibjujuClient
from places import Cluster

CHARMCRAFT = "name: flask-k8s\nbases:\n- name: ubuntu\n  channel: '24.04'\n"
METADATA = "name: flask-k8s\nresources:\n  flask-app-image:\n    type: oci-image\n"
MANIFEST = "bases:\n- name: ubuntu\n  channel: 24.04/stable\n  architectures: [amd64]\n"
IMAGE = {"flask-app-image": "localhost:32000/flask:first"}


@pytest.fixture
def connection() -> juju_api.Connection:
    return juju_api.Connection()


@pytest.fixture
def juju(connection: juju_api.Connection, tmp_path: Path) -> Iterator[protocol.Juju]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)

    async def connected() -> object:
        return juju_api.model(connection)

    yield LibjujuClient(loop.run_until_complete(connected()), loop, Cluster("concierge:testm", tmp_path))  # type: ignore[arg-type]
    loop.close()


@pytest.fixture
def charm(tmp_path: Path) -> str:
    file = tmp_path / "flask-current.charm"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("metadata.yaml", METADATA)
        archive.writestr("manifest.yaml", MANIFEST)
        archive.writestr("charmcraft.yaml", CHARMCRAFT)
    return str(file)


def test_the_status_has_units_and_their_charm(juju: protocol.Juju):
    status = juju.status()

    assert status["flask-k8s"] == protocol.Application(
        revision=1,
        units={
            "flask-k8s/0": protocol.Unit(
                status="active", message="", idle=True, leader=False, address="10.1.121.142", ports=(8000,)
            ),
            "flask-k8s/1": protocol.Unit(
                status="blocked",
                message="missing integrations: postgresql",
                idle=False,
                leader=True,
                address="10.1.121.190",
                ports=(),
            ),
        },
    )
    assert status["grafana-agent-k8s"] == protocol.Application(revision=75, units={})


def test_wait_returns_a_status_that_is_ready(juju: protocol.Juju):
    assert "flask-k8s" in juju.wait(lambda status: bool(status["flask-k8s"].units))


def test_the_url_has_an_open_port(juju: protocol.Juju):
    assert juju.url("flask-k8s") == "http://10.1.121.142:8000"


def test_an_action_runs_on_the_leader(juju: protocol.Juju, connection: juju_api.Connection):
    results = juju.run("flask-k8s", "explain", {"name": "GREETING"})

    assert results["variables"] == "FLASK_GREETING: option greeting"
    (request,) = [parameters for name, parameters in connection.requests if name == "Action.EnqueueOperation"]
    (action,) = request["actions"]
    assert (action["receiver"], action["name"], action["parameters"]) == (
        "unit-flask-k8s-1",
        "explain",
        {"name": "GREETING"},
    )


def test_a_secret_is_added_and_granted(juju: protocol.Juju, connection: juju_api.Connection):
    uri = juju.share_secret("key", {"value": "long"}, "flask-k8s")

    assert uri == "secret:9m4e2mr0ui3e8a215n4g"
    (added,), granted = (
        [parameters for name, parameters in connection.requests if name == "Secrets.CreateSecrets"],
        [parameters for name, parameters in connection.requests if name == "Secrets.GrantSecret"],
    )
    assert (added["args"][0]["label"], added["args"][0]["content"]["data"]) == ("key", {"value": "bG9uZw=="})
    assert [(each["label"], each["applications"]) for each in granted] == [("key", ["flask-k8s"])]


def test_a_local_charm_is_uploaded_and_deployed_with_its_image(
    juju: protocol.Juju, connection: juju_api.Connection, charm: str
):
    juju.deploy(charm, "flask-k8s", resources=IMAGE, config={"greeting": "Hi"}, channel="", trust=False)

    name, parameters = connection.requests[-1]
    assert name == "Application.Deploy"
    (application,) = parameters["applications"]
    assert (application["application"], application["charm-url"]) == ("flask-k8s", "local:noble/flask-k8s-1")
    assert application["resources"] == {"flask-app-image": "7f0c1f2e"}
    assert "greeting: Hi" in application["config-yaml"]
    assert [path.partition("?")[0].rpartition("/")[2] for path, _ in connection.uploads] == [
        "charms",
        "flask-app-image",
    ]
    assert "registrypath: localhost:32000/flask:first" in connection.uploads[1][1]


def test_a_refresh_uploads_the_charm_and_the_image(juju: protocol.Juju, connection: juju_api.Connection, charm: str):
    juju.refresh("flask-k8s", charm, IMAGE)

    name, parameters = connection.requests[-1]
    assert name == "Application.SetCharm"
    assert (parameters["application"], parameters["charm-url"]) == ("flask-k8s", "local:noble/flask-k8s-1")
    assert parameters["resource-ids"] == {"flask-app-image": "7f0c1f2e"}


REQUESTS: Mapping[str, tuple[Callable[[protocol.Juju], None], Mapping[str, object]]] = {
    "Application.AddRelation": (
        lambda juju: juju.integrate("flask-k8s:postgresql", "postgresql-k8s"),
        {"endpoints": ["flask-k8s:postgresql", "postgresql-k8s"]},
    ),
    "Application.DestroyRelation": (
        lambda juju: juju.remove("flask-k8s:postgresql", "postgresql-k8s"),
        {"endpoints": ["flask-k8s:postgresql", "postgresql-k8s"]},
    ),
    "Application.DestroyApplication": (
        lambda juju: juju.remove("flask-k8s"),
        {"applications": [{"application-tag": "application-flask-k8s", "destroy-storage": False, "force": False}]},
    ),
    "Application.ScaleApplications": (
        lambda juju: juju.scale("flask-k8s", 3),
        {"applications": [{"application-tag": "application-flask-k8s", "scale": 3, "scale-change": None}]},
    ),
    "Application.SetConfigs": (
        lambda juju: juju.config("flask-k8s", {"flask-debug": True, "webserver-workers": 2}),
        {"Args": [{"application": "flask-k8s", "config": {"flask-debug": "true", "webserver-workers": "2"}}]},
    ),
    "Application.UnsetApplicationsConfig": (
        lambda juju: juju.config("flask-k8s", {}, reset=["flask-debug"]),
        {"Args": [{"application": "flask-k8s", "options": ["flask-debug"]}]},
    ),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_call_sends_its_request(juju: protocol.Juju, connection: juju_api.Connection, name: str):
    call, expected = REQUESTS[name]

    call(juju)

    (parameters,) = [parameters for request, parameters in connection.requests if request == name]
    assert _matches(parameters, expected), parameters


def _matches(parameters: object, expected: object) -> bool:
    """Return whether a request has what is expected; it may have more keys."""
    match parameters, expected:
        case dict(), dict():
            return all(key in parameters and _matches(parameters[key], value) for key, value in expected.items())
        case list(), list():
            return len(parameters) == len(expected) and all(map(_matches, parameters, expected))
        case _:
            return parameters == expected
