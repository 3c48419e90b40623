"""The files that name the requirements of an example's charm: charmcraft's base chooses one of them."""

import importlib.metadata
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent
CHARMS = sorted(ROOT.glob("examples/*/charm"))
REGISTRY = re.compile(r'registry = "([^"]+)"')


@pytest.fixture(params=CHARMS, ids=lambda charm: charm.parent.name)
def charm(request: pytest.FixtureRequest) -> Path:
    return request.param


def locked(charm: Path) -> dict[str, str]:
    """Return the entry of each package in the lock."""
    entries = (charm / "uv.lock").read_text().split("[[package]]\n")[1:]
    return {entry.split('"')[1]: entry for entry in entries}


def test_both_files_name_the_same_requirements(charm: Path):
    (listed,) = re.findall(r"^dependencies = \[(.*)\]$", (charm / "pyproject.toml").read_text(), re.MULTILINE)

    assert re.findall(r'"([^"]+)"', listed) == (charm / "requirements.txt").read_text().split()


def test_the_lock_has_the_requirements(charm: Path):
    own = next(entry for entry in locked(charm).values() if 'source = { virtual = "." }' in entry)

    specifiers = re.findall(r'{ name = "([^"]+)", specifier = "([^"]+)" }', own)

    requirements = [Requirement(line) for line in (charm / "requirements.txt").read_text().split()]
    assert [Requirement(name + versions) for name, versions in specifiers] == requirements


def test_the_lock_has_the_packages_of_this_repository_as_they_are(charm: Path):
    own = {name: entry for name, entry in locked(charm).items() if name.startswith("paas-")}

    assert len(own) == 2
    for name, entry in own.items():
        assert f'version = "{importlib.metadata.version(name)}"\nsource = {{ registry = "wheels" }}' in entry
        names = {Requirement(line).name for line in importlib.metadata.requires(name) or ()}
        assert set(re.findall(r'^    { name = "([^"]+)"', entry, re.MULTILINE)) == names


def test_the_lock_has_the_other_packages_from_the_index_of_the_root_lock(charm: Path):
    others = [entry for name, entry in locked(charm).items() if not name.startswith("paas-")]

    assert {source for entry in others for source in REGISTRY.findall(entry)} == set(
        REGISTRY.findall((ROOT / "uv.lock").read_text())
    )
