"""The program juju: its place on the PATH, the tests of a charm that use it, and the commands that it leaves out."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import jubilant
import pytest
from click.testing import Result
from fake_daemon import FakeDaemon
from paas_local.cli import built_in_charms, left_out

Run = Callable[..., Result]
PAAS_LOCAL = Path(sys.executable).with_name("paas-local")
TESTS = """
import subprocess

def test_adds_a_model():
    subprocess.run(["juju", "add-model", "--no-switch", "left"], check=True)

def test_switches_the_model():
    subprocess.run(["juju", "add-model", "other"], check=True)

def test_fails():
    assert False
"""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line know the program that it runs as."""
    monkeypatch.setattr(sys, "argv", [str(PAAS_LOCAL)])
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.mark.usefixtures("program")
def test_the_line_of_juju_path_makes_juju_this_program(run: Run, home: Path):
    line = run("juju-path").stdout

    shown = subprocess.run(
        ["/bin/sh", "-c", f"{line}command -v juju; juju version; juju fly"], capture_output=True, text=True, check=False
    )
    assert shown.stdout.splitlines() == [f"{home}/bin/juju", "3.6.11-genericlinux-amd64"]
    assert shown.stderr == 'ERROR juju: "fly" is not a juju command. See "juju --help".\n'


@pytest.mark.usefixtures("program")
def test_jubilant_finds_the_program(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch):
    run("juju-path")
    monkeypatch.setenv("PATH", f"{home}/bin:{os.environ['PATH']}")

    assert str(jubilant.Juju().version()) == "3.6.11-genericlinux-amd64"


@pytest.mark.usefixtures("program")
def test_the_models_of_tests_are_removed_and_the_exit_code_is_pytests(run: Run, daemon: FakeDaemon, tmp_path: Path):
    (tmp_path / "tests/integration").mkdir(parents=True)
    (tmp_path / "tests/integration/test_charm.py").write_text(TESTS)
    models = {"models": ["demo", "left", "other"]}
    daemon.results |= {"ping": {}, "add-model": {}, "models": models, "destroy-model": {}}

    result = run("test", "tests/integration", "-p", "no:cacheprovider", "-k", "adds or switches")
    failed = run("test")

    assert result.exit_code == 0, result.output
    assert failed.exit_code == 1
    assert [body["model"] for body in daemon.bodies("destroy-model")] == ["left", "other"] * 2
    assert {body["force"] for body in daemon.bodies("destroy-model")} == {True}
    assert (daemon.home / "current-model").read_text() == "demo\n"


@pytest.mark.usefixtures("program")
def test_the_tests_own_flag_keeps_their_models(run: Run, daemon: FakeDaemon, tmp_path: Path):
    (tmp_path / "test_charm.py").write_text(TESTS)
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--keep-models', action='store_true')\n"
    )
    daemon.results |= {"ping": {}, "add-model": {}}

    result = run("test", "--keep-models", "-k", "adds", "test_charm.py")

    assert result.exit_code == 0, result.output
    assert daemon.bodies("add-model") == [{"model": "left", "values": {}}]


@pytest.mark.parametrize("name", left_out.REASONS)
def test_a_command_that_is_left_out_is_refused_in_one_line(run: Run, name: str):
    result = run(name, "--anything", "word")

    assert result.stderr == f"ERROR {left_out.refusal_of(name)}\n"
    assert name in result.stderr
    assert result.exit_code == 1


def test_a_command_without_containers_in_juju_is_refused_in_jujus_words(run: Run):
    assert run("add-storage", "web/0", "data=2").stderr == (
        'ERROR Juju command "add-storage" not supported on container models\n'
    )
    assert run("login").stderr == "ERROR login is not possible here: its one user is admin\n"


@pytest.mark.parametrize("url", ["valkey", "ch:valkey", "ch:amd64/noble/valkey"])
def test_a_url_of_charmhub_names_the_built_in_charm(url: str):
    charm = built_in_charms.find(url)

    assert charm is not None
    assert charm.name == "valkey"
