"""The Python code of the how-to guides."""

import pathlib
import re
import sys
import types
import typing

import ops
import pytest
from ops import testing

PAGES = pathlib.Path(__file__).parents[2] / "docs/how-to"


def names_of(page: str) -> dict[str, typing.Any]:
    """Run the first block of a page, and return the names that it defines."""
    code = re.search(r"^```python\n(.*?)^```", (PAGES / page).read_text(), re.DOTALL | re.MULTILINE)
    assert code
    module = types.ModuleType(f"how_to_{pathlib.Path(page).stem}")
    sys.modules[module.__name__] = module  # ops looks up the module of a charm's class
    exec(code[1], vars(module))
    return vars(module)


TESTS = [name for name in names_of("write-tests-for-a-charm.md") if name.startswith("test_")]


@pytest.mark.parametrize("name", TESTS)
def test_the_tests_of_a_charm_pass(name: str) -> None:
    names_of("write-tests-for-a-charm.md")[name]()


def test_the_page_about_tests_has_some() -> None:
    assert len(TESTS) == 2


def test_the_relation_of_the_page_sets_its_variables() -> None:
    page, tests = names_of("add-a-relation-of-your-own.md"), names_of("write-tests-for-a-charm.md")
    charm: type[ops.CharmBase] = type("Charm", (page["WeatherCharm"],), {"start_timeout": 0})
    requires = {"station": {"interface": "weather_station", "optional": False}}
    context = testing.Context(charm, meta={**tests["META"], "requires": requires})
    peers = testing.PeerRelation("secret-storage")
    token = testing.Secret({"token": "s3cret"}, owner=None)
    data = {"url": "http://station", "token-id": token.id}
    image = testing.Container(
        "flask-app",
        can_connect=True,
        layers={"image": ops.pebble.Layer(tests["IMAGE"])},
        execs={testing.Exec(["/bin/python3", "-m", "gunicorn"])},
    )
    station = testing.Relation("station", remote_app_data=data)
    state = testing.State(leader=True, containers={image}, relations={peers, station}, secrets={token})

    created = context.run(context.on.relation_created(peers), state)
    after = context.run(context.on.relation_changed(station), created)

    variables = after.get_container("flask-app").plan.services["flask"].environment
    assert variables["WEATHER_URL"] == "http://station"
    assert variables["WEATHER_TOKEN"] == "s3cret"
