"""An application behind the built-in ingress: its address is good on this machine and in the pods."""

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
    """Give the example behind an ingress, both active; nothing of it stays."""
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
    shown = json.loads(juju("run", "traefik-k8s/0", "show-proxied-endpoints", "--format", "json"))
    return json.loads(shown["traefik-k8s/0"]["results"]["proxied-endpoints"])


@pytest.fixture
def url(juju: Deployment) -> str:
    """Give the address that the application was given."""
    return juju.wait("address", lambda: endpoints(juju).get("flask-k8s", {}).get("url", ""))


def test_the_address_is_good_on_this_machine(juju: Deployment, url: str):
    assert url == f"{endpoints(juju)['traefik-k8s']['url']}/test-flask-k8s"

    assert juju.wait("answer through the ingress", lambda: browse(f"{url}/health").status == 200)
    assert json.loads(browse(f"{url}/health").text)["status"] == "ok"


def test_the_address_is_good_in_a_pod(juju: Deployment, url: str):
    program = f"import urllib.request; print(urllib.request.urlopen('{url}/health').status)"

    said = juju("exec", "--unit", "postgresql-k8s/0", "--", f'python3 -c "{program}"')

    assert said.strip() == "200"


def test_an_application_that_leaves_is_not_found_and_comes_back(juju: Deployment, url: str):
    juju("remove-relation", "flask-k8s", "traefik-k8s")

    juju.wait("end of the address", lambda: "flask-k8s" not in endpoints(juju))
    assert browse(f"{url}/health").status == 404

    # while the old relation is still ending there is no place for another
    juju.wait("place for a relation", lambda: not juju.run("integrate", "flask-k8s", "traefik-k8s").returncode)
    juju.wait("answer through the ingress", lambda: browse(f"{url}/health").status == 200)
