"""Files of the examples."""

import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).parents[2]


@pytest.mark.parametrize("charm", sorted(ROOT.glob("examples/*/charm/src/charm.py")), ids=lambda path: path.parts[-4])
def test_the_charm_of_an_example_is_executable(charm: pathlib.Path) -> None:
    assert os.access(charm, os.X_OK)
