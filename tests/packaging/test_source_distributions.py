"""Source distributions: charmcraft's plugin ``charm`` installs nothing else."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from paas_local.build import interpreters

ROOT = Path(__file__).parent.parent.parent
PACKAGES = sorted(folder.name for folder in (ROOT / "packages").iterdir())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the source distributions, and wheels from them."""
    folder = tmp_path_factory.mktemp("sdists")
    build = (interpreters.find_uv(), "build", "--quiet", "--all-packages", "--no-binary")
    subprocess.run([*build, "--out-dir", folder], cwd=ROOT, check=True)
    return folder


def one_file(folder: Path, package: str, suffix: str) -> Path:
    (file,) = folder.glob(f"{package.replace('-', '_')}-*{suffix}")
    return file


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_from_the_source_distribution_equals_one_from_the_repository(built: Path, wheels: Path, package: str):
    assert contents(one_file(built, package, ".whl")) == contents(one_file(wheels, package, ".whl"))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_source_distribution_has_its_license_readme_and_changelog(built: Path, package: str):
    with tarfile.open(one_file(built, package, ".tar.gz")) as archive:
        top = archive.getnames()[0].partition("/")[0]
        names = {name.removeprefix(f"{top}/") for name in archive.getnames()}

    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "PKG-INFO"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests/")]


def test_the_source_distributions_are_installed_without_wheels_of_these_packages(built: Path, tmp_path: Path):
    sdists = tmp_path / "sdists"
    sdists.mkdir()
    for file in built.glob("*.tar.gz"):
        shutil.copy(file, sdists)
    uv, environment = interpreters.find_uv(), tmp_path / "venv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, environment], check=True)
    no_binary = [word for package in PACKAGES for word in ("--no-binary", package)]

    subprocess.run(
        [uv, "pip", "install", "--quiet", "--python", environment, "--find-links", sdists, *no_binary, *PACKAGES],
        cwd=tmp_path,
        check=True,
    )

    modules = ", ".join(package.replace("-", "_") for package in PACKAGES)
    subprocess.run([environment / "bin/python", "-I", "-c", f"import {modules}"], check=True)
