"""Variables carry their source, and secret values are never shown."""

from paas_common.values import environment
from paas_common.values.environment import SecretText, Variable


def variable(name: str, value: str, source: str, *, secret: bool = False) -> Variable:
    return Variable(name=name, value=SecretText(value) if secret else value, source=source)


def test_a_later_group_wins_and_records_the_overridden_sources() -> None:
    groups = [[variable("A", "1", "x")], [variable("A", "2", "y")], [variable("A", "3", "z")]]

    merged = environment.merge(groups)

    assert environment.plain(merged) == {"A": "3"}
    assert merged["A"].overridden == ("x", "y")


def test_a_variable_does_not_show_its_value() -> None:
    assert "hidden" not in repr(variable("A", "hidden", "x"))


def test_changes_have_name_and_source() -> None:
    after = environment.merge([[variable("A", "1", "option a"), variable("B", "2", "option b")]])

    assert environment.changes({"A": "1", "B": "old", "C": "3"}, after) == ["B (option b)", "C (removed)"]


def test_secret_values_are_masked_in_plain_and_quoted_form() -> None:
    merged = environment.merge([[variable("P", "a b/c", "x", secret=True), variable("H", "pg-host", "x")]])

    assert environment.redact("no pg-host for a b/c, a%20b/c or a%20b%2Fc", merged) == "no pg-host for ***, *** or ***"
