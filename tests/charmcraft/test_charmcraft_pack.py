"""Charms that the real charmcraft packs from the Flask example, unpacked as Juju does, and started.

charmcraft runs the commands of its plugins with the Python under test as ``python3``. It does not check the machine's
release, and installs no Debian packages and no snaps. Charmhub is not asked for the charm libraries, and no command
reaches a network.
"""

import os
import re
import shlex
import shutil
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import packed_charm
import pytest
import yaml
from charmcraft_program import charmcraft, charmcraft_python, find_python
from paas_local.build import charm_libs, interpreters, yaml_files

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "examples/flask/charm"
LIBRARY = {"lib": "data_platform_libs.data_interfaces", "version": "0"}
PYTHONS = os.environ.get("PYTHONS", "3.12").split()
STATUS = "blocked -- missing integrations: postgresql (juju integrate app postgresql-k8s)"
# Compiling these takes many minutes; everything else comes from source distributions, as charmcraft demands.
COMPILED = "pydantic-core,pyyaml"


DOWNLOADED = re.compile(r'Looking up "(https?://\S+\.(?:tar\.gz|zip|whl))" in the cache')
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy")
# charmcraft itself is in uv's cache by then.
NO_NETWORK = {"UV_OFFLINE": "1", **dict.fromkeys(PROXIES, "http://127.0.0.1:9")}
PIP_URL = "from charmcraft.charm_builder import KNOWN_GOOD_PIP_URL; print(KNOWN_GOOD_PIP_URL)"
PYTHON_WITHOUT_INDEX = """\
#!/bin/sh
{python} "$@" || exit
case "$*" in
"-m venv "*)
    "$3/bin/python" -m pip install --quiet --upgrade --no-index --find-links {wheels} pip || exit
    printf '[global]\\nno-index = true\\ncache-dir = %s\\nfind-links = %s\\n' {cache} {wheels} > "$3/pip.conf" ;;
esac
"""
"""A Python whose virtual environments have the pip that charmcraft would fetch, a new cache and no package index.

charmcraft runs pip with an environment of its own, so only a file can configure it.
"""


@pytest.fixture(scope="module")
def sdists(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdists")
    uv("build", "--quiet", "--all-packages", "--sdist", "--out-dir", str(folder), cwd=ROOT)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy the example, with the charm library of its database."""
    folder = shutil.copytree(EXAMPLE, tmp_path / "flask-k8s", ignore=shutil.ignore_patterns(".*", "lib", "wheels"))
    charm_libs.fetch_into(folder / "lib", {"charm-libs": [LIBRARY]}, lambda _: None)
    return folder


def uv(*words: str, cwd: Path) -> None:
    subprocess.run([interpreters.find_uv(), *words], cwd=cwd, check=True)


def download(requirements: Path, version: str, wheels: Path) -> None:
    """Download all that the plugin's commands install, and what builds it: the files that the log of pip names."""
    work = requirements.parent.parent
    environment = {**os.environ, "PIP_LOG": str(work / "pip.log"), "PIP_CACHE_DIR": str(work / "pip-cache")}
    pip, url = work / "venv/bin/pip", charmcraft_python(PIP_URL).strip()
    source = (pip, "install", "--quiet", "--no-binary=:all:")
    for command in (
        (find_python(version), "-m", "venv", work / "venv"),
        (pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", wheels, f"pip@{url}"),
        (pip, "install", "--quiet", "--upgrade", "--no-index", "--find-links", wheels, "pip"),
        (*source, "pip", "setuptools", "wheel"),
        (*source, "--requirement", requirements),
    ):
        subprocess.run(command, env=environment, check=True)
    for file in set(DOWNLOADED.findall((work / "pip.log").read_text())):
        urllib.request.urlretrieve(file, wheels / file.rpartition("/")[2])


def python_without_index(version: str, wheels: Path, file: Path) -> Path:
    """Write the program ``python3`` for the plugin ``charm``."""
    python, cache = os.path.realpath(find_python(version)), file.parent / "cache"
    words = {"python": python, "wheels": str(wheels), "cache": str(cache)}
    file.write_text(PYTHON_WITHOUT_INDEX.format(**{name: shlex.quote(word) for name, word in words.items()}))
    file.chmod(0o755)
    return file


def pack(project: Path, python: str | Path, base: str) -> Path:
    """Pack a project with a Python as ``python3`` and without a network; return the package."""
    tools = project.parent / "tools"
    tools.mkdir()
    programs = {"python3": python, "uv": interpreters.find_uv(), "rustup": shutil.which("true")}
    for name, program in programs.items():
        assert program, name
        assert Path(program).is_absolute(), f"{program} must be on PATH or in pyenv"
        (tools / name).symlink_to(os.path.realpath(program))
    series = base.partition("@")[2]
    (tools / "os-release").write_text(f'NAME="Ubuntu"\nID=ubuntu\nVERSION_ID="{series}"\n')
    expand(project, base)
    command = (project, ["pack", "--destructive-mode", "--verbose"])
    charmcraft(project.parent, [command], path=f"{tools}:{os.environ['PATH']}", UNIXCONFDIR=str(tools), **NO_NETWORK)
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
def test_the_charm_plugin_builds_the_source_distributions_without_a_network(
    project: Path, sdists: Path, version: str, tmp_path: Path
):
    shutil.copytree(sdists, project / "wheels")
    requirements = project / "requirements.txt"
    requirements.write_text(f"--find-links wheels\n--only-binary {COMPILED}\n{requirements.read_text()}")
    download(requirements, version, project / "wheels")
    python = python_without_index(version, project / "wheels", tmp_path / "python3")

    start(pack(project, python, "ubuntu@24.04"), version, tmp_path)


@pytest.mark.parametrize("version", PYTHONS)
def test_the_uv_plugin_installs_the_locked_wheels_without_a_network(
    project: Path, wheels: Path, version: str, tmp_path: Path
):
    (project / "requirements.txt").unlink()
    shutil.copytree(wheels, project / "wheels")
    # Once, the other packages come from the index into uv's cache.
    uv("sync", "--quiet", "--frozen", "--python", find_python(version), cwd=project)
    shutil.rmtree(project / ".venv")

    start(pack(project, find_python(version), "ubuntu@26.04"), version, tmp_path)
