"""``paas_local.juju`` calls no function that does I/O or reads the clock; import-linter forbids the modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

from paas_local import juju

FORBIDDEN = frozenset({"open", "print", "input", "now", "utcnow", "today", "localtime"})


def called_names(file: Path) -> Iterator[str]:
    """Yield the last name of each called function."""
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield name
            case _:
                pass


def test_no_function_reads_a_file_or_the_clock():
    files = sorted(Path(next(iter(juju.__path__))).rglob("*.py"))

    assert len(files) > 20
    assert {(file.name, name) for file in files for name in called_names(file) if name in FORBIDDEN} == set()
