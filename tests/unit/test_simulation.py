"""The simulation of a controller with many units."""

import pathlib
import runpy
import typing

ROOT = pathlib.Path(__file__).parents[2]
SCRIPT: dict[str, typing.Any] = runpy.run_path(str(ROOT / "scripts/simulate_controller.py"))


def test_the_page_has_the_result_of_the_script():
    assert SCRIPT["document"](1000) in (ROOT / "docs/scale.md").read_text(), "run scripts/simulate_controller.py"


def test_every_unit_asks_for_the_hook_tools_of_its_events():
    expected = sum(kind.costs["paas-flask"].tools * kind.per_day * 1000 for kind in SCRIPT["KINDS"])

    hook_tools = sum(SCRIPT["simulate"]("paas-flask", 1000).values())

    assert abs(hook_tools - expected) < expected / 100


def test_all_units_of_an_application_change_in_the_same_minute():
    minutes = SCRIPT["simulate"]("paas-flask", 4)
    change = next(kind for kind in SCRIPT["KINDS"] if kind.of_application)

    assert max(minutes.values()) >= 4 * change.costs["paas-flask"].tools


def test_twice_the_units_are_twice_the_processor_seconds():
    seconds = SCRIPT["processor_seconds"]

    assert seconds("paas-flask", 2000) == 2 * seconds("paas-flask", 1000)
