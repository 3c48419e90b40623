"""A packed charm with the successors of the charm libraries from the package index, and without the libraries."""

import importlib.metadata
import shutil
from pathlib import Path

import packed_charm
from deployment import new_home

FLASK = Path(__file__).parent.parent.parent / "examples/flask"
SUCCESSOR = "dpcharmlibs-interfaces"
UNIT = "flask-k8s/0"


def test_a_charm_without_the_libraries_of_charmhub_has_its_database(wheels: Path, tmp_path: Path):
    source = shutil.copytree(FLASK / "charm", tmp_path / "charm", ignore=shutil.ignore_patterns(".*", "lib", "*.charm"))
    with (source / "requirements.txt").open("a") as requirements:
        requirements.write(f"{SUCCESSOR}>=1,<2\n")
    primed = packed_charm.prime(source, wheels, tmp_path / "prime")
    shutil.rmtree(primed / "lib/charms")
    package = packed_charm.archive(primed, tmp_path / "flask-k8s_amd64.charm")

    with new_home(UV_FIND_LINKS=str(wheels)) as juju:
        juju("add-model", "test", "--no-switch")
        juju.deploy_provider("postgresql-k8s")
        juju("deploy", str(package), "flask-k8s", "--resource", f"flask-app-image={FLASK}")
        juju("integrate", "flask-k8s", "postgresql-k8s")
        juju.wait_for(UNIT, "active")
        browser = juju.browser("flask-k8s")
        note = browser.post("/notes", {"text": "kept"})
        texts = [row["text"] for row in browser.get("/notes")]

    shipped = importlib.metadata.distributions(name=SUCCESSOR, path=[str(primed / "venv")])
    assert [distribution.version.partition(".")[0] for distribution in shipped] == ["1"]
    assert note["text"] == "kept"
    assert texts == ["kept"]
