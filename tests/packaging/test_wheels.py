"""What an author gets who installs the wheels: a charm's base class, its types, and no more than it needs."""

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from paas_local.build import python_environments

# The published paas-charm 1.12 with all that it needs.
UPSTREAM_DISTRIBUTIONS = 21


FRAMEWORKS = ("django", "fastapi", "flask", "go")


@pytest.fixture(scope="module", params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def environment(framework: str, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a new virtual environment with the one wheel that a charm of the framework needs."""
    folder = tmp_path_factory.mktemp("author") / "venv"
    uv("venv", "--quiet", str(folder))
    uv("pip", "install", "--quiet", "--python", str(folder), "--find-links", str(wheels), f"paas-{framework}")
    return folder


def uv(*words: str) -> str:
    return subprocess.run([python_environments.find_uv(), *words], check=True, capture_output=True, text=True).stdout


def python(environment: Path, code: str) -> str:
    """Run code as a charm would: nothing of this repository is on its path."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [environment / "bin" / "python", "-I", "-c", code], check=True, capture_output=True, text=True, env=clean
    ).stdout.strip()


def wheel(folder: Path, name: str) -> zipfile.ZipFile:
    (file,) = folder.glob(f"{name}-*.whl")
    return zipfile.ZipFile(file)


def test_a_charm_has_its_base_class(framework: str, environment: Path):
    module = f"paas_{framework}"
    found = python(environment, f"import ops, {module}; print(issubclass({module}.Charm, ops.CharmBase))")

    assert found == "True"


def test_nothing_of_the_local_runner_or_of_another_framework_comes_along(framework: str, environment: Path):
    others = [f"paas_{other}" for other in (*FRAMEWORKS, "local") if other != framework]
    found = python(
        environment, f"import importlib.util as util; print([name for name in {others} if util.find_spec(name)])"
    )

    assert found == "[]"


def test_fewer_distributions_than_upstream(framework: str, environment: Path):
    listed = json.loads(uv("pip", "list", "--python", str(environment), "--format", "json"))

    names = {entry["name"] for entry in listed}
    assert {"paas-common", f"paas-{framework}", "ops", "pydantic"} <= names
    assert len(names) < UPSTREAM_DISTRIBUTIONS, sorted(names)


@pytest.mark.parametrize("name", ["paas_common", "paas_local", *(f"paas_{each}" for each in FRAMEWORKS)])
def test_each_wheel_says_that_it_is_typed(wheels: Path, name: str):
    with wheel(wheels, name) as archive:
        files = archive.namelist()

    assert f"{name}/py.typed" in files
    assert not [file for file in files if "__pycache__" in file or file.startswith("tests/")]


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_brings_dashboards_and_alert_rules(wheels: Path, name: str):
    with wheel(wheels, f"paas_{name}") as archive:
        names = archive.namelist()
    files = {file for file in names if file.startswith(f"paas_{name}/cos/") and not file.endswith("/")}

    assert files == {
        f"paas_{name}/cos/grafana_dashboards/{name}.json",
        f"paas_{name}/cos/loki_alert_rules/{name}.rule",
        f"paas_{name}/cos/prometheus_alert_rules/{name}.rule",
    }


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_pins_the_shared_part_to_compatible_releases(wheels: Path, name: str):
    with wheel(wheels, f"paas_{name}") as archive:
        (metadata,) = (file for file in archive.namelist() if file.endswith("METADATA"))
        text = archive.read(metadata).decode()

    assert "Requires-Dist: paas-common>=0.1,<0.2" in text


def test_the_runners_wheel_has_what_it_reads_at_run_time(wheels: Path):
    with wheel(wheels, "paas_local") as archive:
        files = archive.namelist()

    assert "paas_local/build/charm_libs.lock.yaml" in files
    assert any(file.startswith("paas_local/build/charmcraft_extensions/") and file.endswith(".yaml") for file in files)
    assert "paas_local/providers/postgresql_k8s/charm/charmcraft.yaml" in files
