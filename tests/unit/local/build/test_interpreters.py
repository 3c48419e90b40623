"""The Python of a project: of UV_PYTHON, of its base, or one that its requires-python allows."""

import sys
from pathlib import Path

import pytest
import uv_program
from paas_local.build import interpreters
from paas_local.build.errors import ProjectError
from paas_local.build.interpreters import Interpreter
from rock_projects import quietly, write

OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
WHERE = "rockcraft.yaml: base"
BASES = {"ubuntu@own": OWN, "ubuntu@old": "3.8", "ubuntu@new": "3.99"}


@pytest.fixture(autouse=True)
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> uv_program.Uv:
    uv = uv_program.install(tmp_path, monkeypatch)
    monkeypatch.setattr(interpreters, "PYTHONS", BASES)
    return uv


def installed(folder: Path, version: str, request: str) -> Interpreter:
    """Install a Python that uv finds for a request."""
    base = folder / version
    program = write(base, f"bin/python{version.rpartition('.')[0]}")
    script = f"#!/bin/sh\nprintf '%s (main)\\n%s\\0%s\\n' {version} {base} {version}\n"
    program.write_text(script)
    program.chmod(0o755)
    write(folder, f"pythons/{request}", f"{program}\n")
    return Interpreter(program=program, base=base, version=version, build=f"{version} (main)")


def choose(tmp_path: Path, base: str, requires: str = "") -> tuple[Interpreter, list[str]]:
    texts: list[str] = []
    source = tmp_path / "source"
    source.mkdir()
    if requires:
        write(source, "pyproject.toml", f'[project]\nname = "x"\nrequires-python = "{requires}"\n')
    return interpreters.choose(source, base, WHERE, texts.append), texts


@pytest.mark.parametrize("base", ["ubuntu@own", "", "fedora@42"])
def test_the_own_python_is_used_if_the_base_has_it_or_is_not_known(tmp_path: Path, base: str):
    assert choose(tmp_path, base) == (interpreters.own(), [])


def test_the_python_of_the_base_is_used(tmp_path: Path):
    old = installed(tmp_path, "3.8.7", "3.8")

    assert choose(tmp_path, "ubuntu@old") == (old, [])
    assert old.minor == "3.8"


def test_a_base_that_the_machine_lacks_is_a_warning(tmp_path: Path):
    chosen, texts = choose(tmp_path, "ubuntu@new")

    assert chosen == interpreters.own()
    (text,) = texts
    assert text == (
        "WARNING rockcraft.yaml: base: ubuntu@new has Python 3.99, which this machine lacks;"
        f" it runs with Python {interpreters.own().version}"
    )


def test_requires_python_is_stronger_than_the_base(tmp_path: Path):
    installed(tmp_path, "3.8.7", "3.8")

    chosen, texts = choose(tmp_path, "ubuntu@old", f">={OWN}")

    assert chosen == interpreters.own()
    (text,) = texts
    assert text == (
        f"WARNING rockcraft.yaml: base: ubuntu@old has Python 3.8, which requires-python (>={OWN}) excludes;"
        f" it runs with Python {interpreters.own().version}"
    )


def test_another_python_is_used_if_requires_python_excludes_the_own_one(tmp_path: Path):
    new = installed(tmp_path, "3.98.1", ">=3.98")

    assert choose(tmp_path, "ubuntu@own", ">=3.98")[0] == new


def test_a_machine_without_a_python_that_requires_python_allows_is_an_error(tmp_path: Path):
    with pytest.raises(ProjectError, match=r"requires-python: must allow a Python of this machine; found >=3\.98"):
        choose(tmp_path, "ubuntu@own", ">=3.98")


def test_uv_python_is_respected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    python = installed(tmp_path, "3.13.2", "3.13")
    monkeypatch.setenv("UV_PYTHON", "3.13")

    assert choose(tmp_path, "ubuntu@old", "<3.10") == (python, [])


def test_an_unknown_uv_python_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_PYTHON", "3.77")

    with pytest.raises(ProjectError, match=r"^UV_PYTHON: must be a Python of this machine; found 3\.77$"):
        interpreters.choose(tmp_path, "", WHERE, quietly)


def test_built_in_charms_run_with_the_own_python(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_PYTHON", "3.77")
    folder = Path(interpreters.__file__).parent.parent / "providers/redis_k8s/charm"

    assert interpreters.choose(folder, "ubuntu@new", WHERE, quietly) == interpreters.own()
