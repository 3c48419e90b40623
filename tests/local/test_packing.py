"""Charms and images packed with the real uv: imports work, and changes are noticed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import packed_charm
import pytest
import yaml
from deployment import built_once
from paas_local.build import charm_libs, charms, python_environments, rocks
from paas_local.build.errors import ProjectError
from paas_local.providers import BUILT_IN

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "flask"


def quietly(_: str) -> None:
    """Show no progress."""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create an empty cache; the tests without it share the user's cache with the tests that deploy."""
    folder = tmp_path / "cache"
    # uv keeps its own cache, so that nothing is downloaded twice.
    monkeypatch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    return folder


def imports(charm: charms.Charm, module: str) -> None:
    """Import a module as the charm's dispatch does."""
    lines = (charm.folder / "dispatch").read_text().splitlines()
    assert lines[-1].startswith('exec "$here/venv/bin/python"')
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{charm.folder}/lib:{charm.folder}/src"}
    subprocess.run([charm.folder / "venv/bin/python", "-c", f"import {module}"], env=environment, check=True)


@pytest.mark.usefixtures("cache")
def test_the_example_is_packed_with_its_libraries(wheels: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    messages: list[str] = []

    charm = charms.pack(EXAMPLE / "charm", messages.append)

    imports(charm, "paas_flask, charms.data_platform_libs.v0.data_interfaces")
    assert not any("traefik_k8s" in line for line in messages)
    assert not (EXAMPLE / "charm" / "lib").exists()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_built_in_provider_is_packed(name: str):
    charm = charms.pack(BUILT_IN[name] / "charm", quietly)
    with built_once(name):
        rock = rocks.build(BUILT_IN[name] / "rock", quietly)

    imports(charm, "charm")
    dispatch = charm.folder / "dispatch"
    assert dispatch.read_text() == (BUILT_IN[name].parent / "common/dispatch").read_text()
    assert os.access(dispatch, os.X_OK)
    assert rock.mounts


def test_the_image_of_the_example_imports_its_application(tmp_path: Path):
    rock = rocks.build(EXAMPLE, quietly)

    (folder,) = (mount.source for mount in rock.mounts if mount.target == "/flask")
    assert rock.python is not None
    checked = [rock.python / "bin/python", "-m", "gunicorn", "--check-config", "app:create_app()"]
    subprocess.run(checked, cwd=folder / "app", env={"PATH": "/usr/bin:/bin"}, check=True)


@pytest.fixture
def plain(tmp_path: Path, cache: Path) -> Path:
    """Write a charm that needs a wheel from this machine."""
    source = tmp_path / "charm"
    (source / "src").mkdir(parents=True)
    (source / "src" / "charm.py").write_text("import local_wheel\n")
    (source / "src" / "charm.py").chmod(0o755)
    (source / "requirements.txt").write_text("local-wheel\n")
    (source / "charmcraft.yaml").write_text("{name: plain, type: charm, summary: a, description: a}\n")
    return source


def test_no_event_compiles_a_module(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_FIND_LINKS", str(wheel(tmp_path, "A = 1\n")))
    (plain / "src/other.py").write_text("import local_wheel\n")
    (plain / "src/charm.py").write_text("import other\n")
    packed = charms.pack(plain, quietly)
    # A unit's copy has file times of its own.
    unit = shutil.copytree(packed.folder, tmp_path / "unit", symlinks=True, copy_function=shutil.copy)
    before = {folder: packed_charm.bytecode(folder) for folder in (unit, unit.joinpath("venv").resolve())}

    packed_charm.run_event(unit, "start", tmp_path / "juju")

    assert {folder: packed_charm.bytecode(folder) for folder in before} == before
    assert all(
        any(file.stem.startswith(name) for file in before[folder])
        for folder, name in zip(before, ("other", "local_wheel"), strict=True)
    )


@pytest.fixture
def sharing(plain: Path) -> Path:
    """Write a charm that gets a module from the folder next to it."""
    (plain.parent / "common").mkdir()
    (plain.parent / "common/common.py").write_text("WORD = 'shared'\n")
    (plain / "src/charm.py").write_text("import common\n")
    (plain / "requirements.txt").unlink()
    parts = "{charm: {plugin: charm, source: .}, shared: {plugin: dump, source: ../common, organize: {'*': src/}}}"
    (plain / "charmcraft.yaml").write_text(
        f"{{name: plain, type: charm, summary: a, description: a, parts: {parts}}}\n"
    )
    return plain


def test_a_charm_gets_files_from_a_shared_folder(sharing: Path):
    charm = charms.pack(sharing, quietly)

    imports(charm, "charm")
    assert (charm.folder / "src/common.py").read_text() == "WORD = 'shared'\n"


def test_a_missing_shared_folder_is_named(sharing: Path):
    (sharing.parent / "common").rename(sharing.parent / "moved")

    with pytest.raises(ProjectError, match=r"parts\.shared\.source: .*common is not a folder of this machine"):
        charms.pack(sharing, quietly)


def wheel(tmp_path: Path, text: str) -> Path:
    """Build the wheel, always with the same version."""
    project = tmp_path / "project"
    shutil.rmtree(project, ignore_errors=True)
    (project / "local_wheel-1.0.dist-info").mkdir(parents=True)
    (project / "local_wheel.py").write_text(text)
    metadata = project / "local_wheel-1.0.dist-info"
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: local-wheel\nVersion: 1.0\n")
    (metadata / "WHEEL").write_text("Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    (metadata / "RECORD").write_text("")
    folder = tmp_path / "dist"
    folder.mkdir(exist_ok=True)
    packed = shutil.make_archive(str(folder / "wheel"), "zip", project)
    Path(packed).replace(folder / "local_wheel-1.0-py3-none-any.whl")
    return folder


def test_a_locked_project_brings_the_wheels_that_no_index_has(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = wheel(tmp_path, "A = 1\n")
    (plain / "charmcraft.yaml").write_text(
        "{name: plain, type: charm, summary: a, description: a, parts: {charm: {plugin: uv}}}\n"
    )
    (plain / "pyproject.toml").write_text(
        '[project]\nname = "plain"\nversion = "0"\nrequires-python = ">=3.10"\ndependencies = ["local-wheel"]\n'
    )
    monkeypatch.setenv("UV_FIND_LINKS", str(folder))
    python_environments.lock(plain)
    monkeypatch.delenv("UV_FIND_LINKS")
    shutil.rmtree(folder)

    imports(charms.pack(plain, quietly), "local_wheel; assert local_wheel.A == 1")


def test_a_wheel_built_again_makes_a_new_environment(plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("UV_FIND_LINKS", str(wheel(tmp_path, "A = 1\n")))
    first = charms.pack(plain, quietly)
    imports(first, "local_wheel")
    wheel(tmp_path, "A = 2\n")

    second = charms.pack(plain, quietly)

    assert charms.pack(plain, quietly) == second
    assert (second.folder / "venv").resolve() != (first.folder / "venv").resolve()
    imports(second, "local_wheel; assert local_wheel.A == 2")


def test_an_environment_is_rebuilt_without_a_network(
    plain: Path, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
):
    (plain / "requirements.txt").write_text("ops>=3,<4\n")
    first = charms.pack(plain, quietly)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")

    assert charms.pack(plain, quietly) == first


def test_a_changed_source_folder_in_the_requirements_is_noticed(plain: Path, tmp_path: Path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "pyproject.toml").write_text(
        '[project]\nname = "local-wheel"\nversion = "1.0"\ndescription = "For a test."\n'
        '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
    )
    (package / "local_wheel.py").write_text("A = 1\n")
    (plain / "requirements.txt").write_text("-e ../package\n")
    first = charms.pack(plain, quietly)
    (package / "local_wheel.py").write_text("A = 2\n")

    second = charms.pack(plain, quietly)

    imports(first, "local_wheel; assert local_wheel.A == 1")
    imports(second, "local_wheel; assert local_wheel.A == 2")


@pytest.mark.parametrize(
    ("requirement", "message"),
    [
        pytest.param("flask==0.0.99", "flask==0.0.99", id="version"),
        pytest.param("fl ask", "parse", id="form"),
        pytest.param("-r missing.txt", "missing.txt", id="file"),
    ],
)
def test_an_error_of_uv_is_one_line(requirement: str, message: str, plain: Path):
    (plain / "requirements.txt").write_text(f"{requirement}\n")

    with pytest.raises(ProjectError) as caught:
        charms.pack(plain, quietly)

    assert str(caught.value).startswith("requirements.txt: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_interrupt_leaves_nothing_behind(plain: Path, tmp_path: Path, cache: Path):
    sleeping = tmp_path / "sleeping-uv"
    sleeping.write_text(
        f'#!/bin/sh\ncase "$1 $2" in\n"python find") echo {sys.executable} ;;\n"pip compile") echo ops==1 ;;\n'
        f'"pip install") echo $$ > {tmp_path}/pid; exec sleep 60 ;;\nesac\n'
    )
    sleeping.chmod(0o755)
    code = f"from pathlib import Path; from paas_local.build import charms; charms.pack(Path({str(plain)!r}), print)"
    packing = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "UV": str(sleeping)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (tmp_path / "pid").exists() and packing.poll() is None:
        time.sleep(0.05)

    # The terminal's Ctrl-C reaches all of its processes.
    os.killpg(packing.pid, signal.SIGINT)

    assert packing.wait(10) != 0
    kept = [*cache.glob("paas-local/*/*"), *cache.glob("paas-local/*/.new-*")]
    assert kept == []


@pytest.mark.usefixtures("cache")
def test_fetch_libs_fills_the_authors_folder(tmp_path: Path):
    source = tmp_path / "charm"
    source.mkdir()
    charmcraft: dict[str, Any] = {"charm-libs": [{"lib": "data-platform-libs.data_interfaces", "version": "0.58"}]}
    (source / "charmcraft.yaml").write_text(yaml.safe_dump(charmcraft))

    (written,) = charm_libs.fetch(source, quietly)

    assert "LIBPATCH = 58" in written.read_text()
    assert charm_libs.fetch(source, quietly) == []
