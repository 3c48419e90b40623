import importlib.util
import types
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent.parent / "scripts/release.py"
PACKAGES = sorted(folder.name for folder in (SCRIPT.parent.parent / "packages").iterdir())
PYPROJECT = '[project]\nname = "paas-go"\nversion = "0.2.0"\n'
CHANGELOG = """# Changelog of paas-go

## 0.2.0 (2026-12-01)

- New.

## 0.1.0 (2026-11-01)

- Old.
"""


@pytest.fixture(scope="module")
def release() -> types.ModuleType:
    spec = importlib.util.spec_from_file_location("release", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_version_has_its_tag_and_the_notes_of_its_section(release: types.ModuleType):
    version = release.newest("paas-go", PYPROJECT, CHANGELOG)

    assert (version.tag, version.notes) == ("paas-go-v0.2.0", "- New.\n")


def test_a_bumped_version_with_a_date_is_due_until_it_has_a_tag(release: types.ModuleType):
    version = release.newest("paas-go", PYPROJECT, CHANGELOG)

    assert release.due([version], ["paas-go-v0.1.0"]) == ["paas-go"]
    assert release.due([version], ["paas-go-v0.1.0", "paas-go-v0.2.0"]) == []


def test_an_unreleased_version_is_not_due(release: types.ModuleType):
    version = release.newest("paas-go", PYPROJECT, CHANGELOG.replace("2026-12-01", "unreleased"))

    assert release.due([version], []) == []


def test_the_common_package_is_published_before_those_that_need_it(release: types.ModuleType):
    versions = [release.newest(name, PYPROJECT, CHANGELOG) for name in reversed(PACKAGES)]

    assert release.due(versions, [])[0] == "paas-common"


def test_the_changelog_must_open_with_the_version(release: types.ModuleType):
    with pytest.raises(SystemExit, match=r"the first section of paas-go's CHANGELOG.md must have the version"):
        release.newest("paas-go", PYPROJECT.replace("0.2.0", "0.3.0"), CHANGELOG)


@pytest.mark.parametrize("package", PACKAGES)
def test_each_changelog_of_the_repository_opens_with_its_version(release: types.ModuleType, package: str):
    assert release.read(package).notes.startswith("- ")


@pytest.mark.parametrize(
    ("before", "now", "allowed"),
    [
        ("0.1.0", "0.1.1", False),
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "0.10.0", True),
        ("0.9.0", "1.0.0", True),
        ("1.0.0", "1.1.0", False),
        ("1.1.0", "2.0.0", True),
    ],
)
def test_below_one_a_break_needs_a_minor_version_and_later_a_major_one(
    release: types.ModuleType, before: str, now: str, allowed: bool
):
    assert release.may_break(before, now) is allowed
