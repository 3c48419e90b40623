"""The schema of each framework is what charmcraft's real extension makes."""

import pathlib
import subprocess
import sys
import typing

import paas_common
import paas_django.framework
import paas_fastapi.framework
import paas_flask.framework
import paas_go.framework
import pytest
import yaml
from paas_common import schema

EXPANSIONS = yaml.safe_load(
    (pathlib.Path(__file__).parent.parent / "local/fixtures/expansions.yaml").read_text(encoding="utf-8")
)
FRAMEWORKS = (
    paas_flask.framework.FLASK,
    paas_django.framework.DJANGO,
    paas_fastapi.framework.FASTAPI,
    paas_go.framework.GO,
)


def without_words(value: typing.Any) -> typing.Any:
    """Leave out descriptions, and what the charm's author has added in the fixture."""
    if isinstance(value, dict):
        parts = typing.cast("dict[str, typing.Any]", value)
        return {name: without_words(part) for name, part in parts.items() if name not in {"description", "title"}}
    return value


@pytest.mark.parametrize("framework", [pytest.param(each, id=each.name) for each in FRAMEWORKS])
@pytest.mark.parametrize("generation", [schema.OLDER, schema.NEWER])
def test_it_is_what_charmcraft_makes(framework: paas_common.FrameworkSpec, generation: str) -> None:
    case = expansion(framework.name, generation)

    ours = without_words(schema.charmcraft(framework, generation))

    for section, keys in ours.items():
        real, own = without_words(case["expanded"][section]), case["project"].get(section, {})
        if section == "config":
            keys, real, own = keys["options"], real["options"], own.get("options", {})  # noqa: PLW2901  one deeper
        # The charm's own entries and the options of its login do not belong to the framework.
        assert keys == {n: part for n, part in real.items() if n not in own and not n.startswith("login-")}, section


def expansion(framework: str, generation: str) -> dict[str, typing.Any]:
    """Find a fixture of the generation: the extension's, or the one with additions of an author's."""
    names = [f"{framework}-{generation}", f"{framework}-{generation}-with-own"]
    if generation == schema.OLDER:
        names.append(f"{framework}-22.04-with-own")
    return next(EXPANSIONS[name] for name in names if name in EXPANSIONS)


@pytest.mark.parametrize("framework", [pytest.param(each, id=each.name) for each in FRAMEWORKS])
def test_every_option_says_what_it_is(framework: paas_common.FrameworkSpec) -> None:
    options = schema.charmcraft(framework, schema.OLDER)["config"]["options"]

    assert all(option["description"].endswith(".") for option in options.values())


@pytest.mark.parametrize("framework", [pytest.param(each, id=each.name) for each in FRAMEWORKS])
def test_the_wheel_prints_it(framework: paas_common.FrameworkSpec) -> None:
    command = [sys.executable, "-m", f"paas_{framework.name}", "--generation", schema.NEWER]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert yaml.safe_load(printed) == schema.charmcraft(framework, schema.NEWER)
