"""The two files that name an example's requirements: charmcraft's base chooses one of them."""

import re
from pathlib import Path

import pytest

CHARMS = sorted((Path(__file__).parent.parent.parent / "examples").glob("*/charm"))


@pytest.mark.parametrize("charm", CHARMS, ids=lambda charm: charm.parent.name)
def test_both_files_name_the_same_requirements(charm: Path):
    (listed,) = re.findall(r"^dependencies = \[(.*)\]$", (charm / "pyproject.toml").read_text(), re.MULTILINE)

    assert re.findall(r'"([^"]+)"', listed) == (charm / "requirements.txt").read_text().split()
