"""Property tests of databags, options and ``paas-config.yaml``: invalid data ends in a status without the value."""

import copy
import json
import typing

import hypothesis
import pytest
from flask_scenario import Scenario
from hypothesis import strategies as some
from ops import testing
from test_integrations import READY, relation_of, state_of

Example = dict[str, typing.Any]

TEXT = some.text(some.characters(exclude_categories=["Cs"]), min_size=1)
NUMBERS = some.integers() | some.floats()
DOCUMENT = some.recursive(
    some.none() | some.booleans() | NUMBERS | TEXT,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ODD = some.sampled_from(
    ["http://[", "://", "h:port", "a,b,,", "\N{SNOWMAN}.example", "-1", "70000", "nan", '"\\u0000"', "[]", "{}", "null"]
)


def changed_value(value: str) -> some.SearchStrategy[str]:
    """Return a strategy for another value: any value, or the value with a part of it changed."""

    def changed(start: int, length: int, piece: str) -> str:
        return value[:start] + piece + value[start + length :]

    places = some.integers(0, len(value))
    return (
        TEXT
        | ODD
        | DOCUMENT.map(json.dumps)
        | some.builds(changed, places, some.integers(0, 5), TEXT | ODD | some.just(""))
    )


def databags(example: Example) -> list[dict[str, str]]:
    """Return all databags and secrets of the provider in an example."""
    return [example["provider_app"], *example.get("provider_units", {}).values(), *example["secrets"].values()]


@some.composite
def changed_example(draw: some.DrawFn, example: Example) -> tuple[Example, str]:
    """Return a strategy for the example with one value changed or missing, and that value."""
    other = copy.deepcopy(example)
    databag = draw(some.sampled_from([each for each in databags(other) if each]))
    key = draw(some.sampled_from(sorted(databag)))
    if draw(some.integers(0, 4)) == 0 and len(databag) > 1:  # a secret needs a key
        databag.pop(key)
        return other, ""
    value = draw(changed_value(databag[key]))
    databag[key] = value
    return other, value


def is_reported(after: testing.State) -> bool:
    kinds = testing.ActiveStatus | testing.WaitingStatus | testing.BlockedStatus
    return isinstance(after.unit_status, kinds)


@pytest.mark.parametrize("example", [pytest.param(each, id=each["name"]) for each in READY])
@hypothesis.given(data=some.data())
def test_invalid_provider_data_ends_in_a_status(scenario: Scenario, example: Example, data: some.DataObject) -> None:
    spoiled, value = data.draw(changed_example(example))
    scenario.new_container()
    related = relation_of(spoiled)

    after = scenario.run(
        scenario.context().on.relation_changed(related, remote_unit=0), state_of(scenario, spoiled, related)
    )

    assert is_reported(after)
    said = after.unit_status.message
    assert len(value) < 8 or value not in said
    assert not [
        secret
        for databag in example["secrets"].values()
        for secret in databag.values()
        if len(secret) > 7 and secret in said
    ]


VALUES: dict[str, some.SearchStrategy[str | int | float | bool]] = {
    "string": TEXT | ODD | some.just(""),
    "int": some.integers(-(2**40), 2**40),
    "float": some.floats(allow_nan=False, allow_infinity=False),
    "boolean": some.booleans(),
}


@hypothesis.given(data=some.data())
def test_invalid_options_end_in_a_status(scenario: Scenario, data: some.DataObject) -> None:
    options = {
        name: option["type"] for name, option in scenario.meta["config"]["options"].items() if option["type"] in VALUES
    }
    names = data.draw(some.lists(some.sampled_from(sorted(options)), min_size=1, max_size=4, unique=True))
    config = {name: data.draw(VALUES[options[name]]) for name in names}
    scenario.new_container()

    after = scenario.run(scenario.context().on.config_changed(), scenario.state(config=config))

    assert is_reported(after)


@hypothesis.given(
    content=some.binary() | TEXT.map(str.encode) | DOCUMENT.map(lambda document: json.dumps(document).encode())
)
def test_an_invalid_paas_config_ends_in_a_status(scenario: Scenario, content: bytes) -> None:
    context = scenario.context()
    (scenario.root / "charm/paas-config.yaml").write_bytes(content)
    scenario.new_container()

    after = scenario.run(context.on.config_changed(), scenario.state())

    assert is_reported(after)
