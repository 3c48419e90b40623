"""The places of ``paas_common.planning`` that create a problem, and those that a piece of code reaches."""

import ast
import collections.abc
import dataclasses
import pathlib
import sys
import types

import paas_common.planning
from paas_common.values.status import Blocked, Waiting

FOLDER = pathlib.Path(paas_common.planning.__file__).parent
KINDS = ("Blocked", "Waiting")
Place = tuple[str, str, int]
"""Class or function, file and line of the call."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Expression:
    """A call of ``Blocked``, ``Waiting`` or a function of ``planning`` that returns one of them."""

    name: str
    file: str
    first_line: int
    last_line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.first_line} {self.name}"

    @property
    def places(self) -> set[Place]:
        """Return the places that Python may name while it evaluates the call."""
        return {(self.name, self.file, line) for line in range(self.first_line, self.last_line + 1)}


def expressions() -> list[Expression]:
    """Return all calls in the source of ``planning``."""
    modules = {file.name: ast.parse(file.read_text()) for file in sorted(FOLDER.glob("*.py"))}
    names = {*KINDS, *_functions(modules.values())}
    return [
        Expression(name=name, file=file, first_line=node.lineno, last_line=node.end_lineno or node.lineno)
        for file, module in modules.items()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and (name := _name(node.func)) in names
    ]


def _functions(modules: collections.abc.Iterable[ast.Module]) -> collections.abc.Iterator[str]:
    """Return the functions that always return a problem, so that each call of them is a reason of its own."""
    for module in modules:
        for node in module.body:
            if isinstance(node, ast.FunctionDef) and node.returns and _name(node.returns) in {*KINDS, "Problem"}:
                yield node.name


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case _:
            return ""


def reached(code: collections.abc.Callable[[], object]) -> set[Place]:
    """Run the code and return the places of ``planning`` that it calls classes of problems and functions from."""
    places: set[Place] = set()
    constructors = [kind.__init__.__code__ for kind in (Blocked, Waiting)]

    def profile(frame: types.FrameType, event: str, _: object) -> None:
        caller = frame.f_back
        if event != "call" or caller is None:
            return
        path = pathlib.Path(caller.f_code.co_filename)
        if path.parent == FOLDER:
            constructs = any(frame.f_code is each for each in constructors)
            name = type(frame.f_locals["self"]).__name__ if constructs else frame.f_code.co_name
            places.add((name, path.name, caller.f_lineno))

    previous = sys.getprofile()
    sys.setprofile(profile)
    try:
        code()
    finally:
        sys.setprofile(previous)
    return places
