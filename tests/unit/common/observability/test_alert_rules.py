"""Files of alert rules, and the reasons why some are invalid."""

import typing

import pytest
from paas_common.observability import rules
from paas_common.values import facts

ME = facts.Identity(app="shop", unit="shop/0", model="prod", leader=True, model_uuid="5c6f2f0c-3c66", charm="shop-k8s")
LABELS = {
    "juju_model": "prod",
    "juju_model_uuid": "5c6f2f0c-3c66",
    "juju_application": "shop",
    "juju_charm": "shop-k8s",
}
FILE = "cos_custom/prometheus_alert_rules/stock.rule"


def merged(**files: str) -> tuple[list[dict[str, typing.Any]], tuple[str, ...]]:
    document, problems = rules.merged(
        ME, {f"cos_custom/prometheus_alert_rules/{name}.rule": text for name, text in files.items()}
    )
    return typing.cast("list[dict[str, typing.Any]]", document.get("groups", [])), problems


def test_a_single_rule_is_a_group_named_after_its_file() -> None:
    groups, _ = merged(stock="alert: Empty\nexpr: stock == 0\nfor: 5m\n")

    rule = {"alert": "Empty", "expr": "stock == 0", "for": "5m", "labels": LABELS}
    assert groups == [{"name": "prod_5c6f2f0c_shop_custom_stock_rules", "rules": [rule]}]


def test_other_keys_of_a_group_stay() -> None:
    groups, _ = merged(stock="groups: [{name: a, interval: 30s, limit: 5, rules: [{record: r, expr: s}]}]")

    assert (groups[0]["interval"], groups[0]["limit"], groups[0]["rules"][0]["record"]) == ("30s", 5, "r")


def test_every_place_for_the_application_is_filled() -> None:
    groups, _ = merged(stock='{alert: A, expr: "a{%%juju_topology%%} / b{%%juju_topology%%, c=\\"d\\"}"}')

    only = 'juju_model="prod", juju_model_uuid="5c6f2f0c-3c66", juju_application="shop"'
    assert groups[0]["rules"][0]["expr"] == f'a{{{only}}} / b{{{only}, c="d"}}'


def test_groups_of_one_name_in_two_files_are_two() -> None:
    text = "groups: [{name: app, rules: [{alert: A, expr: b}]}]"

    groups, problems = merged(one=text, two=text)

    assert [group["name"] for group in groups] == [
        "prod_5c6f2f0c_shop_custom_one_app_rules",
        "prod_5c6f2f0c_shop_custom_two_app_rules",
    ]
    assert problems == ()


def test_groups_of_one_name_in_one_file_are_refused() -> None:
    group = "{name: app, rules: [{alert: A, expr: b}]}"

    groups, problems = merged(stock=f"groups: [{group}, {group}]")

    assert len(groups) == 1
    assert problems == (f"{FILE}: the name of group app is not unique (rename it)",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is not a mapping"),
        ("- a", "it is not a mapping"),
        ("a: [", "while parsing a flow node"),
        ("\udcff", "unacceptable character"),
        ("since: 2020-99-99", "month must be in 1..12"),
        ("groups: 1", "groups (input should be a valid list)"),
        ("alert: A", "groups.0.rules.0.expr (field required)"),
        ("expr: a", "groups.0.rules.0 (a rule has alert or record)"),
        ("{alert: A, record: b, expr: c}", "groups.0.rules.0 (a rule has alert or record)"),
        ("{alert: A, expr: a, since: 2020-01-01}", "dict.since (input was not a valid JSON value)"),
        ("&a [*a]", "list.0 (recursion error"),
        ("groups: [{name: '', rules: []}]", "groups.0.name (string should have at least 1 character)"),
    ],
)
def test_an_invalid_file_has_a_reason_of_one_line(text: str, words: str) -> None:
    groups, problems = merged(stock=text)

    (problem,) = problems
    assert groups == []
    assert problem.startswith(f"{FILE} is not a valid file of alert rules: {words}")
    assert "\n" not in problem
