"""Environments and their digests, with a uv that installs nothing."""

import stat
from pathlib import Path

import pytest
import uv_program
from paas_local.build import interpreters, python_environments
from paas_local.build.errors import ProjectError
from paas_local.build.python_environments import Requirements


def quietly(_: str) -> None:
    """Show no progress."""


@pytest.fixture(autouse=True)
def uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> uv_program.Uv:
    return uv_program.install(tmp_path, monkeypatch)


@pytest.fixture
def requirements(tmp_path: Path) -> Requirements:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "requirements.txt").write_text("flask\n")
    return Requirements(source=tmp_path / "source", files=("requirements.txt",))


def script(uv: uv_program.Uv, text: str) -> None:
    """Replace the behaviour of uv."""
    program = uv.log.with_name("uv")
    program.write_text(f"#!/bin/sh\n{text}\n")


def test_an_environment_is_installed_once(requirements: Requirements, uv: uv_program.Uv):
    messages: list[str] = []

    first = python_environments.install(requirements, messages.append)

    assert python_environments.install(requirements, quietly) == first
    assert uv.count("pip install") == 1
    assert messages == ["resolving requirements.txt", "installing 1 packages of requirements.txt"]


def test_other_requirements_make_another_environment(requirements: Requirements):
    first = python_environments.install(requirements, quietly)
    (requirements.source / "requirements.txt").write_text("django\n")

    assert python_environments.install(requirements, quietly) != first


def test_every_user_can_read_it(requirements: Requirements, uv: uv_program.Uv):
    script(
        uv,
        'for last; do :; done\ncase "$1" in venv) mkdir -p -m 700 "$last/bin"; : > "$last/bin/python";'
        ' chmod 700 "$last/bin/python";; esac',
    )

    folder = python_environments.install(requirements, quietly).folder

    assert stat.S_IMODE((folder / "bin").stat().st_mode) == 0o755
    assert stat.S_IMODE((folder / "bin" / "python").stat().st_mode) == 0o755


@pytest.mark.parametrize(("base", "shown"), [("/usr", False), ("/opt/python", True)])
def test_lists_the_folder_of_the_interpreter_outside_of_usr(base: str, shown: bool):
    environment = python_environments.Environment(folder=Path("/cache/env"), base=Path(base))

    assert environment.mounts == ((Path("/cache/env"), Path(base)) if shown else (Path("/cache/env"),))


def test_no_requirements_make_an_empty_environment(tmp_path: Path, uv: uv_program.Uv):
    environment = python_environments.install(Requirements(source=tmp_path), quietly)

    assert environment.folder.is_dir()
    assert uv.count("pip") == 0


def test_resolves_from_uvs_cache_without_a_network(requirements: Requirements, uv: uv_program.Uv):
    script(uv, 'case "$*" in *--offline*) echo flask==1.0;; *) echo "error: no network" >&2; exit 2;; esac')

    assert python_environments.resolve(requirements) == "flask==1.0\n"


def test_an_error_is_the_first_one_of_uv(requirements: Requirements, uv: uv_program.Uv):
    script(uv, 'case "$*" in *--offline*) echo "error: offline" >&2;; *) echo "error: a reason" >&2;; esac; exit 2')

    with pytest.raises(ProjectError, match=r"^requirements\.txt: a reason$"):
        python_environments.resolve(requirements)


@pytest.mark.parametrize(
    ("messages", "message"),
    [
        pytest.param("error: No solution\\n  cause: Because a and\\n    b.", "No solution: Because a and b.", id="new"),
        pytest.param(
            "error: No solution\\n  ╰─▶ Because a\\n      b.\\n\\n hint: try", "No solution: Because a b.", id="old"
        ),
        pytest.param("error: one\\n  cause: two\\n  cause: three\\n  cause: four", "two: four", id="many"),
        pytest.param("error: flask ask\\n       ^", "flask ask", id="pointer"),
        pytest.param("warning: nothing", "uv exited with 2", id="nothing"),
    ],
)
def test_a_failure_is_one_line(messages: str, message: str, requirements: Requirements, uv: uv_program.Uv):
    script(uv, f"printf '%b' '{messages}' >&2; exit 2")

    with pytest.raises(ProjectError) as caught:
        python_environments.resolve(requirements)

    assert str(caught.value) == f"requirements.txt: {message}"


def test_a_long_failure_is_cut(requirements: Requirements, uv: uv_program.Uv):
    script(uv, f"echo 'error: {'a' * 1000}' >&2; exit 2")

    with pytest.raises(ProjectError, match=r"^requirements\.txt: a{400}…$"):
        python_environments.resolve(requirements)


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ('sdist = { url = "https://example.com/a-1.tar.gz", size = 1 }', "https://example.com/a-1.tar.gz"),
        ('sdist = { path = "/wheels/a-1.tar.gz" }', "file:///wheels/a-1.tar.gz"),
    ],
)
def test_finds_a_source_distribution(line: str, url: str, uv: uv_program.Uv):
    script(uv, f"echo '{line}'")

    assert python_environments.sdist_url("a", "1") == url


def test_a_missing_source_distribution_is_an_error(uv: uv_program.Uv):
    script(uv, "echo 'wheels = []'")

    with pytest.raises(ProjectError, match="the package index has no source distribution of a 1"):
        python_environments.sdist_url("a", "1")


def test_finds_uv_next_to_the_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "uv").chmod(0o755)
    monkeypatch.delenv("UV")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))

    assert interpreters.find_uv() == str(tmp_path / "uv")


def test_a_changed_local_folder_makes_another_environment(requirements: Requirements, uv: uv_program.Uv):
    package = requirements.source / "package"
    package.mkdir()
    script(uv, 'case "$1 $2" in "pip compile") echo "-e ./package";; "venv "*) ;; esac')
    first = python_environments.install(requirements, quietly)
    (package / "a.py").touch()

    second = python_environments.install(requirements, quietly)

    assert second != first
    assert (second.folder / "requirements.txt").read_text() == "./package\n"


@pytest.mark.parametrize(
    ("resolved", "names"),
    [
        ("flask==3.1 \\\n    --hash=sha256:a\nWerk_zeug==1\n", {"flask", "werk-zeug"}),
        ("flask @ file:///flask\n", {"flask"}),
        ("", set[str]()),
    ],
)
def test_returns_the_names_of_packages(resolved: str, names: set[str]):
    assert python_environments.package_names(resolved) == names


def test_equal_requirements_are_resolved_once_within_the_cache(tmp_path: Path, uv: uv_program.Uv):
    requirements = python_environments.Requirements(source=tmp_path, lines=("ops",))
    python_environments.resolve(requirements)

    with python_environments.cached_resolutions() as resolutions:
        python_environments.resolve(requirements)
        python_environments.resolve(requirements)
        remembered = uv.count("pip compile")
        resolutions.clear()
        python_environments.resolve(requirements)

    assert remembered == 2
    assert uv.count("pip compile") == 3


def test_a_lock_of_packages_from_the_index_is_left_as_uv_writes_it(tmp_path: Path, uv: uv_program.Uv):
    script(uv, f'echo "$*" >> {uv.log}; echo locked > uv.lock')

    python_environments.lock(tmp_path)

    assert (tmp_path / "uv.lock").read_text() == "locked\n"
    assert uv.commands == ["lock -q"]
    assert not (tmp_path / "wheels").exists()


def test_a_lock_of_wheels_of_this_machine_gets_them_from_a_folder_of_the_project(tmp_path: Path, uv: uv_program.Uv):
    wheel = tmp_path / "dist" / "own-1-py3-none-any.whl"
    wheel.parent.mkdir()
    wheel.write_text("own")
    project = tmp_path / "charm"
    project.mkdir()
    places = f'case "$UV_FIND_LINKS" in wheels) place={wheel.name};; *) place={wheel};; esac'
    script(uv, f"{places}\necho '    {{ path = \"'$place'\" }},' >> uv.lock")

    python_environments.lock(project)

    assert (project / "uv.lock").read_text() == f'    {{ path = "{wheel.name}" }},\n'
    assert (project / "wheels" / wheel.name).read_text() == "own"
