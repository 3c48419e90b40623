"""Tests of the built wheels, installed like a charm author does."""

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from paas_local.build import interpreters

# paas-charm 1.12 from PyPI with its dependencies.
UPSTREAM_DISTRIBUTIONS = 21


FRAMEWORKS = ("django", "fastapi", "flask", "go")


@pytest.fixture(scope="module", params=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def environment(framework: str, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a virtual environment with the framework's wheel and its dependencies."""
    folder = tmp_path_factory.mktemp("author") / "venv"
    uv("venv", "--quiet", str(folder))
    uv("pip", "install", "--quiet", "--python", str(folder), "--find-links", str(wheels), f"paas-{framework}")
    return folder


def uv(*words: str) -> str:
    return subprocess.run([interpreters.find_uv(), *words], check=True, capture_output=True, text=True).stdout


def python(environment: Path, code: str) -> str:
    """Run code without this repository on ``sys.path``; return its output."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [environment / "bin" / "python", "-I", "-c", code], check=True, capture_output=True, text=True, env=clean
    ).stdout.strip()


def wheel(folder: Path, name: str) -> zipfile.ZipFile:
    (file,) = folder.glob(f"{name}-*.whl")
    return zipfile.ZipFile(file)


def test_the_base_class_of_a_charm_can_be_imported(framework: str, environment: Path):
    module = f"paas_{framework}"
    output = python(environment, f"import ops, {module}; print(issubclass({module}.Charm, ops.CharmBase))")

    assert output == "True"


def test_a_framework_does_not_install_paas_local_or_another_framework(framework: str, environment: Path):
    others = [f"paas_{other}" for other in (*FRAMEWORKS, "local") if other != framework]
    output = python(
        environment, f"import importlib.util as util; print([name for name in {others} if util.find_spec(name)])"
    )

    assert output == "[]"


def test_a_framework_installs_fewer_distributions_than_paas_charm(framework: str, environment: Path):
    listed = json.loads(uv("pip", "list", "--python", str(environment), "--format", "json"))

    names = {entry["name"] for entry in listed}
    assert {"paas-common", f"paas-{framework}", "ops", "pydantic"} <= names
    assert len(names) < UPSTREAM_DISTRIBUTIONS, sorted(names)


@pytest.mark.parametrize("name", ["paas_common", "paas_local", *(f"paas_{each}" for each in FRAMEWORKS)])
def test_each_wheel_has_a_py_typed_file_and_no_tests(wheels: Path, name: str):
    with wheel(wheels, name) as archive:
        files = archive.namelist()

    assert f"{name}/py.typed" in files
    assert not [file for file in files if "__pycache__" in file or file.startswith("tests/")]


@pytest.mark.parametrize("name", ["paas_common", "paas_local", *(f"paas_{each}" for each in FRAMEWORKS)])
def test_each_wheel_has_the_license(wheels: Path, name: str):
    with wheel(wheels, name) as archive:
        (license_file,) = (file for file in archive.namelist() if file.endswith("/LICENSE"))
        text = archive.read(license_file)

    assert text == (Path(__file__).parent.parent.parent / "LICENSE").read_bytes()


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_contains_dashboards_and_alert_rules(wheels: Path, name: str):
    with wheel(wheels, f"paas_{name}") as archive:
        names = archive.namelist()
    files = {file for file in names if file.startswith(f"paas_{name}/cos/") and not file.endswith("/")}

    assert files == {
        f"paas_{name}/cos/grafana_dashboards/{name}.json",
        f"paas_{name}/cos/loki_alert_rules/{name}.rule",
        f"paas_{name}/cos/prometheus_alert_rules/{name}.rule",
    }


@pytest.mark.parametrize("name", FRAMEWORKS)
def test_a_framework_pins_compatible_releases_of_paas_common(wheels: Path, name: str):
    with wheel(wheels, f"paas_{name}") as archive:
        (metadata,) = (file for file in archive.namelist() if file.endswith("METADATA"))
        text = archive.read(metadata).decode()

    assert "Requires-Dist: paas-common>=0.1,<0.2" in text


def test_the_wheel_of_paas_local_contains_its_data_files(wheels: Path):
    with wheel(wheels, "paas_local") as archive:
        files = archive.namelist()

    assert "paas_local/build/charm_libs.lock.yaml" in files
    for folder in (*FRAMEWORKS, "shared"):
        data = {file for file in files if file.startswith(f"paas_local/build/frameworks/{folder}/")}
        expansion = "charmcraft.yaml" if folder == "shared" else "schema.yaml"
        assert f"paas_local/build/frameworks/{folder}/{expansion}" in data
        assert any(file.endswith(".template") for file in data)
    assert "paas_local/providers/postgresql_k8s/charm/charmcraft.yaml" in files
