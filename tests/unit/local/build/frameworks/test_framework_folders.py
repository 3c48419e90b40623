"""One folder per framework, and no other file that names one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import paas_local
import pytest
import yaml
from paas_local.build import frameworks

PACKAGE = Path(paas_local.__file__).parent
NAMES = re.compile(r"\b(django|fastapi|flask|starlette|uvicorn|go-framework|go\.mod)\b", re.IGNORECASE)
# An example that an error shows.
EXAMPLE = "paas-local new flask NAME"


def test_each_folder_is_a_framework():
    folders = {folder.name for folder in frameworks.FOLDER.iterdir() if folder.is_dir()}

    assert folders - {"__pycache__", "shared"} == set(frameworks.names())
    assert frameworks.extensions() == ("django-framework", "fastapi-framework", "flask-framework", "go-framework")


@pytest.mark.parametrize("name", frameworks.names())
def test_a_folder_holds_all_that_a_framework_needs(name: str):
    framework = frameworks.load(name)
    folder = frameworks.FOLDER / name

    assert framework.name == name
    assert frameworks.find_extension(f"{name}-framework") is framework
    assert yaml.safe_load((folder / "schema.yaml").read_text()).keys() == {"24.04", "26.04"}
    assert list((folder / "template").rglob("*.template"))
    assert framework.packages or framework.marker, "nothing to recognise its projects by"


def test_an_unknown_extension_has_no_framework():
    assert frameworks.find_extension("toy-framework") is None
    assert frameworks.find_extension("flask") is None


def test_no_other_file_names_a_framework():
    files = [
        file
        for file in sorted(PACKAGE.rglob("*.py"))
        if not file.is_relative_to(PACKAGE / "providers")
        and file.parent.parent != frameworks.FOLDER
        and file != PACKAGE / "build/go_build.py"  # for parts with the plugin go, in images of any framework
    ]

    mentions = {
        f"{file.relative_to(PACKAGE)}: {text}"
        for file in files
        for text in _strings(ast.parse(file.read_bytes()))
        if NAMES.search(text.replace(EXAMPLE, ""))
    }

    assert mentions == set()


def _strings(module: ast.Module) -> Iterator[str]:
    """Yield the string constants of a module that are not docstrings, and the names it imports or defines."""
    documentation = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in documentation:
                yield text
            case ast.Name(id=text) | ast.FunctionDef(name=text) | ast.ClassDef(name=text) | ast.alias(name=text):
                yield text
            case _:
                pass
