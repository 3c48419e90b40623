"""paas-local's copies of what the framework wheels declare."""

import importlib
import pathlib
import runpy

import pytest
from paas_local.build import frameworks

SCRIPT = pathlib.Path(__file__).parents[2] / "scripts" / "write_schemas.py"


@pytest.mark.parametrize("name", frameworks.names())
def test_a_copy_equals_the_declaration(name: str):
    spec = getattr(importlib.import_module(f"paas_{name}.framework"), name.upper())

    copy = (frameworks.FOLDER / name / "schema.yaml").read_text(encoding="utf-8")

    assert copy == runpy.run_path(str(SCRIPT))["text"](spec), "make schemas"
