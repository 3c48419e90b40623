"""The page for charm authors and the code name the same things."""

import ast
import dataclasses
import inspect
import pathlib
import re
import subprocess
import sys
import textwrap

import paas_common
import pytest
from paas_common import integrations

PAGE = (pathlib.Path(__file__).parents[3] / "docs/reference/extending.md").read_text()


def named(heading: str) -> set[str]:
    """Return the names in the first column of the table below a heading."""
    _, _, rest = PAGE.partition(heading)
    table = rest[rest.index("| ") :].split("\n\n", 1)[0]
    first = [line.split("|")[1] for line in table.splitlines()[2:]]
    return {name for cell in first for name in re.findall(r"`(\w+)`", cell)}


def test_the_public_names() -> None:
    assert named("## All public names") == set(paas_common.__all__)
    assert all(hasattr(paas_common, name) for name in paas_common.__all__)


def test_what_an_author_may_override() -> None:
    own = {name for name in vars(paas_common.PaasCharm) if not name.startswith("_")}

    assert named("## What you may add") | named("Three methods are there") == own - {"spec", "start_timeout"}


def test_the_context() -> None:
    assert named("## The context") == {field.name for field in dataclasses.fields(paas_common.WorkloadContext)}


@pytest.mark.parametrize(
    ("what", "names"),
    [
        (paas_common.Integration, named("## An integration")),
        (paas_common.Context, {"identity", "endpoint", "env_prefix", "options", "base_url", "folder"}),
        (paas_common.Databags, {"app", "units"}),
        (paas_common.File, {"path", "content", "on_change"}),
        (paas_common.Blocked, {"reason", "stop"}),
        (paas_common.Waiting, {"reason", "stop"}),
    ],
)
def test_the_fields_are_there_and_on_the_page(what: type, names: set[str]) -> None:
    fields = set(inspect.signature(what).parameters)

    assert names
    assert names <= fields
    assert all(f"`{name}`" in PAGE or f"{name}=" in PAGE for name in names)


def undescribed(public: type) -> set[str]:
    """Return the public fields of a dataclass that no string follows."""
    source = ast.parse(textwrap.dedent(inspect.getsource(public))).body[0]
    assert isinstance(source, ast.ClassDef)
    described = {
        field.target.id
        for field, text in zip(source.body, source.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }
    return {field.name for field in dataclasses.fields(public)} - described


@pytest.mark.parametrize(
    "public",
    [
        public
        for module in (paas_common, integrations)
        for name in module.__all__
        if inspect.isclass(public := getattr(module, name)) and dataclasses.is_dataclass(public)
    ],
)
def test_each_field_of_a_public_dataclass_is_described(public: type) -> None:
    assert not undescribed(public)


def test_the_page_s_code_is_code() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    namespace: dict[str, object] = {}

    for block in reversed(blocks):
        exec(block, namespace)

    assert isinstance(namespace["STATION"], paas_common.Integration)
    assert isinstance(namespace["WeatherCharm"], type)
    assert isinstance(namespace["ForumCharm"], type)


def test_an_undeclared_integration_is_not_loaded() -> None:
    program = (
        "import sys, paas_flask; from paas_common.integrations import BUILT_IN; BUILT_IN['redis'];"
        "print(*sorted(name for name in sys.modules if name.startswith('paas_common.integrations.')))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["paas_common.integrations._integration", "paas_common.integrations.redis"]
