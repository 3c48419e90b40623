"""An application behind the built-in ingress: its URL works on this machine and in the pods."""

import json
import os
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from deployment import Deployment, browse, with_stand_ins

FLASK = Path(__file__).parent.parent.parent / "examples/flask"


@pytest.fixture(scope="module")
def juju(wheels: Path) -> Generator[Deployment]:
    """Yield the example behind an ingress, both active, and remove them."""
    with TemporaryDirectory(prefix="paas-") as home:
        environment = {**os.environ, "PAAS_LOCAL_HOME": home, "UV_FIND_LINKS": str(wheels), "JUJU_MODEL": "test"}
        deployment = Deployment(home=Path(home), environment=environment)
        charm = with_stand_ins(FLASK / "charm", Path(home))
        try:
            deployment("add-model", "test", "--no-switch")
            deployment("deploy", "postgresql-k8s")
            deployment("deploy", "traefik-k8s")
            deployment("deploy", str(charm), "flask-k8s", "--resource", f"flask-app-image={FLASK}")
            deployment("integrate", "flask-k8s", "postgresql-k8s")
            deployment("integrate", "flask-k8s", "traefik-k8s")
            deployment.wait_for("traefik-k8s/0", "active")
            deployment.wait_for("flask-k8s/0", "active")
            yield deployment
        finally:
            deployment.run("destroy-model", "test", "--no-prompt")
            deployment.run("shutdown")


def endpoints(juju: Deployment) -> dict[str, dict[str, str]]:
    document = json.loads(juju("run", "traefik-k8s/0", "show-proxied-endpoints", "--format", "json"))
    return json.loads(document["traefik-k8s/0"]["results"]["proxied-endpoints"])


@pytest.fixture
def url(juju: Deployment) -> str:
    """Return the URL that the ingress has published to the application."""
    return juju.wait("address", lambda: endpoints(juju).get("flask-k8s", {}).get("url", ""))


def test_the_url_works_on_this_machine(juju: Deployment, url: str):
    assert url == f"{endpoints(juju)['traefik-k8s']['url']}/test-flask-k8s"

    assert juju.wait("answer through the ingress", lambda: browse(f"{url}/health").status == 200)
    assert json.loads(browse(f"{url}/health").text)["status"] == "ok"


def test_the_url_works_in_a_pod(juju: Deployment, url: str):
    program = f"import urllib.request; print(urllib.request.urlopen('{url}/health').status)"

    output = juju("exec", "--unit", "postgresql-k8s/0", "--", f'python3 -c "{program}"')

    assert output.strip() == "200"


def test_a_removed_relation_removes_the_route_until_it_is_added_again(juju: Deployment, url: str):
    juju("remove-relation", "flask-k8s", "traefik-k8s")

    juju.wait("end of the address", lambda: "flask-k8s" not in endpoints(juju))
    assert browse(f"{url}/health").status == 404

    # the limit of the endpoint is 1, and the old relation has not ended yet
    juju.wait("place for a relation", lambda: not juju.run("integrate", "flask-k8s", "traefik-k8s").returncode)
    juju.wait("answer through the ingress", lambda: browse(f"{url}/health").status == 200)
