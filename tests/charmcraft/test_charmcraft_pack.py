"""Charms that the real charmcraft packs from the Flask example, unpacked as Juju does, and started.

charmcraft runs the commands of its plugins with the Python under test as ``python3``. It does not check the machine's
release, and installs no Debian packages and no snaps. Charmhub is not asked for the charm libraries.
"""

import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import packed_charm
import pytest
import yaml
from charmcraft_program import charmcraft, find_python
from paas_local.build import charm_libs, python_environments, yaml_files

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples/flask/charm"
LIBRARY = {"lib": "data_platform_libs.data_interfaces", "version": "0"}
PYTHONS = os.environ.get("PYTHONS", "3.12").split()
STATUS = "blocked -- missing integrations: postgresql (juju integrate app postgresql-k8s)"
# Compiling these takes many minutes; everything else comes from source distributions, as charmcraft demands.
COMPILED = "pydantic-core,pyyaml"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Write no log."""


@pytest.fixture(scope="module")
def index(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the wheels as a package index; return its URL."""
    folder = tmp_path_factory.mktemp("index")
    for file in wheels.glob("*.whl"):
        project = folder / file.name.partition("-")[0].replace("_", "-")
        project.mkdir()
        shutil.copy(file, project)
    handler = functools.partial(QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def sdists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdists")
    uv("build", "--quiet", "--all-packages", "--sdist", "--out-dir", str(folder), cwd=ROOT)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy the example, with the charm library of its database."""
    folder = shutil.copytree(EXAMPLE, tmp_path / "flask-k8s", ignore=shutil.ignore_patterns(".*", "lib"))
    charm_libs.fetch_into(folder / "lib", {"charm-libs": [LIBRARY]}, lambda _: None)
    return folder


def uv(*words: str, cwd: Path) -> None:
    subprocess.run([python_environments.find_uv(), *words], cwd=cwd, check=True)


def pack(project: Path, version: str, base: str) -> Path:
    """Pack a project with a Python as ``python3``; return the package."""
    tools = project.parent / "tools"
    tools.mkdir()
    programs = {"python3": find_python(version), "uv": python_environments.find_uv(), "rustup": shutil.which("true")}
    for name, program in programs.items():
        assert program, name
        assert Path(program).is_absolute(), f"Python {version} must be on PATH or in pyenv"
        (tools / name).symlink_to(os.path.realpath(program))
    series = base.partition("@")[2]
    (tools / "os-release").write_text(f'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="{series}"\n')
    expand(project, base)
    command = (project, ["pack", "--destructive-mode", "--verbose"])
    charmcraft(project.parent, [command], path=f"{tools}:{os.environ['PATH']}", UNIXCONFDIR=str(tools))
    (package,) = project.glob("*.charm")
    return package


def expand(project: Path, base: str) -> None:
    """Replace the extension by what it adds, except ``charm-libs``, which ``pack`` would compare with Charmhub."""
    file = project / "charmcraft.yaml"
    file.write_text(yaml.safe_dump({**yaml_files.load(file), "base": base}))
    (text,) = charmcraft(project.parent, [(project, ["expand-extensions"])])
    expanded: dict[str, Any] = yaml.safe_load(text)
    del expanded["charm-libs"]
    file.write_text(yaml.safe_dump(expanded))


def start(package: Path, version: str, folder: Path) -> None:
    """Check that a packed charm starts, and that Python compiles none of its modules."""
    charm = packed_charm.unpack(package, folder / "unit")
    before = packed_charm.bytecode(charm)

    outcome = packed_charm.run_event(charm, "start", folder / "juju", Path(find_python(version)))

    assert outcome.status.startswith(STATUS)
    assert any(file.match("paas_flask/__pycache__/*") for file in before)
    assert packed_charm.bytecode(charm) == before


@pytest.mark.parametrize("version", PYTHONS)
def test_the_charm_plugin_builds_the_source_distributions(project: Path, sdists: Path, version: str, tmp_path: Path):
    requirements = project / "requirements.txt"
    options = f"--find-links {sdists}\n--only-binary {COMPILED}\n"
    requirements.write_text(options + requirements.read_text())

    start(pack(project, version, "ubuntu@24.04"), version, tmp_path)


@pytest.mark.parametrize("version", PYTHONS)
def test_the_uv_plugin_installs_the_locked_wheels(project: Path, index: str, version: str, tmp_path: Path):
    pyproject = project / "pyproject.toml"
    pyproject.write_text(f'{pyproject.read_text()}\n[[tool.uv.index]]\nurl = "{index}"\n')
    (project / "requirements.txt").unlink()
    uv("lock", "--quiet", cwd=project)

    start(pack(project, version, "ubuntu@26.04"), version, tmp_path)
