"""The four legs of the integration tests: what they collect, and what they do without a cluster."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from paas_local.build import interpreters

ROOT = Path(__file__).parent.parent.parent
LEGS = ("A", "B", "C", "D")
FRAMEWORKS = ("django", "fastapi", "flask", "go")


@pytest.fixture(scope="module")
def libjuju(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of an environment with the client of leg C."""
    folder = tmp_path_factory.mktemp("libjuju") / "venv"
    sync = (interpreters.find_uv(), "sync", "--quiet", "--locked", "--no-default-groups", "--group", "libjuju")
    subprocess.run(sync, cwd=ROOT, check=True, env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(folder)})
    return folder / "bin/python"


def run(python: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pytest with a Python."""
    return subprocess.run([python, "-m", "pytest", *words], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def pythons(libjuju: Path) -> dict[str, Path]:
    """Return the Python of each leg."""
    return {leg: libjuju if leg == "C" else Path(sys.executable) for leg in LEGS}


@pytest.fixture(scope="module")
def collected(pythons: dict[str, Path]) -> dict[str, set[str]]:
    """Return the functions that each leg collects."""
    functions: dict[str, set[str]] = {}
    for leg in LEGS:
        done = run(pythons[leg], "--collect-only", "--quiet", "tests/integration", "--leg", leg)
        assert done.returncode == 0, done.stdout + done.stderr
        functions[leg] = set(re.findall(r"^(tests/integration/[^\[\s]+::[^\[\s]+)", done.stdout, re.MULTILINE))
    return functions


def test_each_leg_collects_the_same_functions(collected: dict[str, set[str]]):
    assert collected["B"] == collected["C"] == collected["D"] == collected["A"]


def test_each_framework_has_the_functions_of_the_suite(collected: dict[str, set[str]]):
    names = {
        framework: {name.rpartition("::")[2] for name in collected["A"] if f"/{framework}/" in name}
        for framework in FRAMEWORKS
    }
    suite = names["go"]

    assert len(suite) > 10
    assert all(suite <= names[framework] for framework in FRAMEWORKS)


@pytest.mark.parametrize(("leg", "cluster"), [("B", "microk8s"), ("C", "microk8s"), ("D", "k8s")])
def test_without_a_cluster_a_leg_stops_with_one_line_that_names_the_commands(
    pythons: dict[str, Path], leg: str, cluster: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JUJU_DATA", "/nonexistent")

    done = run(pythons[leg], "tests/integration/go", "--leg", leg)

    file = "concierge.yaml" if cluster == "microk8s" else "concierge-k8s.yaml"
    assert done.returncode == 4
    assert done.stderr.strip() == (
        f"ERROR: leg {leg}: there is no Juju controller on {cluster}; to get one on Ubuntu: sudo snap install --classic"
        f" concierge && sudo concierge prepare --config {file}"
    )
    assert (ROOT / file).is_file()


def test_the_client_of_leg_c_calls_what_the_library_has(libjuju: Path):
    done = run(libjuju, "--quiet", "-W", "default", "tests/integration/suite/check_libjuju_client.py")

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
