"""Tests of the length of modules: a long one has more than one responsibility."""

import pathlib

ROOT = pathlib.Path(__file__).parents[2]
LIMIT = 400


def test_no_module_is_longer_than_the_limit() -> None:
    modules = sorted(ROOT.glob("packages/*/src/**/*.py"))

    assert len(modules) > 100
    assert [str(path.relative_to(ROOT)) for path in modules if len(path.read_text().splitlines()) > LIMIT] == []
