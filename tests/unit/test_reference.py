"""The tables of the reference, which ``docs/extensions`` builds from the code."""

import pathlib
import re

import pytest
import reference_tables
import status_texts
from paas_common.integrations import BUILT_IN
from paas_local.providers import BUILT_IN as BUILT_IN_CHARMS

PAGES = pathlib.Path(__file__).parents[2] / "docs/reference"
DIRECTIVES = [
    directive
    for page in sorted(PAGES.glob("*.md"))
    for directive in re.findall(r"^```\{generated\} (.*)$", page.read_text(), re.MULTILINE)
]


def column(table: str, number: int) -> list[str]:
    return [re.split(r"(?<!\\)\|", line)[number].strip() for line in table.splitlines()[2:]]


def test_every_text_of_a_status_has_a_cause_and_a_cure():
    assert status_texts.without_entry() == []
    assert [each.status for each in status_texts.catalogue() if not (each.cause and each.cure)] == []


def test_every_status_of_the_reference_is_in_the_code():
    assert status_texts.without_text() == []


def test_a_text_without_entry_is_reported(monkeypatch: pytest.MonkeyPatch):
    kept = [each for each in status_texts.catalogue() if not each.status.startswith("missing options")]
    monkeypatch.setattr(status_texts, "catalogue", lambda: kept)

    assert status_texts.without_entry() == ["missing options: … (juju config … …)"]


def test_an_entry_without_text_is_reported(monkeypatch: pytest.MonkeyPatch):
    entry = status_texts.Status(status="gone", template="a text that no code has", kind="", cause="", cure="")
    monkeypatch.setattr(status_texts, "catalogue", lambda: [entry])

    assert status_texts.without_text() == ["gone"]


@pytest.mark.parametrize("directive", DIRECTIVES)
def test_every_row_of_a_table_has_all_its_cells(directive: str):
    name, _, argument = directive.partition(" ")
    table: str = getattr(reference_tables, name.replace("-", "_"))(argument)
    lines = [re.split(r"(?<!\\)\|", line) for line in table.splitlines()]

    assert len(lines) > 2
    assert {len(line) for line in lines} == {len(lines[0])}


def test_every_interface_has_variables():
    interfaces = column(reference_tables.variables(""), 1)

    assert {each.strip("`") for each in interfaces} == set(BUILT_IN)


def test_the_reference_has_the_26_events():
    assert column(reference_tables.events(""), 1) == [str(number) for number in range(1, 27)]


def test_an_option_shows_its_rule_and_the_bases_that_have_it():
    table = reference_tables.options("go")
    row = next(line for line in table.splitlines() if line.startswith("| `app-port`"))

    assert "at least 1, at most 65535" in row
    assert row.endswith("Only with base ubuntu@22.04 or ubuntu@24.04. |")


def test_an_option_with_two_types_shows_both():
    types = dict(zip(column(reference_tables.options("go"), 1), column(reference_tables.options("go"), 2), strict=True))

    assert types["`app-secret-key`"] == "string (ubuntu@26.04: secret)"


def test_hook_tools_and_endpoints_of_pebble_say_what_they_do():
    effects = [*column(reference_tables.hook_tools(""), 2), *column(reference_tables.pebble_endpoints(""), 4)]

    assert [effect for effect in effects if not effect.endswith(".")] == []


def test_an_option_of_a_built_in_charm_is_with_or_without_effect():
    (row,) = [line for line in reference_tables.built_in_charms("options").splitlines() if "`traefik-k8s`" in line]

    _, _, both, own, without, _ = (cell.strip() for cell in row.split("|"))
    assert both == "`external_hostname`, `routing_mode`"
    assert own == "`https`"
    assert without.startswith("`basic_auth_user`, `enable_experimental_forward_auth`, `loadbalancer_annotations`")


def test_many_options_with_one_prefix_are_one_entry():
    (row,) = [line for line in reference_tables.built_in_charms("options").splitlines() if "`postgresql-k8s`" in line]

    assert "`optimizer_…` (" in row
    assert "`profile`, `profile_limit_memory`" in row


def test_an_action_of_a_built_in_charm_is_left_out_or_its_own():
    rows = column(reference_tables.built_in_charms("actions"), 1)
    (row,) = [line for line in reference_tables.built_in_charms("actions").splitlines() if "`hydra`" in line]

    _, _, both, own, left_out, _ = (cell.strip() for cell in row.split("|"))
    assert rows == [f"`{name}`" for name in sorted(BUILT_IN_CHARMS)]
    assert "`create-oauth-client`" in both
    assert (own, left_out) == ("", "`add-secret-key`, `get-secret-keys`, `run-migration`")
