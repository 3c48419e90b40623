"""Layers keep the spelling of their text, and invalid ones are refused with a message."""

from pathlib import Path

import pytest
from paas_local.pebble.plan import layers
from paas_local.pebble.plan.plan import PlanError


def test_scalars_keep_their_spelling():
    text = "services: {a: {override: replace, command: x, environment: {A: 010, B: yes, C: 1.50, D: null}}}"

    layer = layers.parse("base", text)

    assert layer.services["a"].environment == {"A": "010", "B": "yes", "C": "1.50", "D": ""}


def test_merged_keys_are_overridden_by_own_keys():
    text = "services:\n  x: &x {override: replace, command: one}\n  y: {<<: *x, command: two}\n"

    layer = layers.parse("base", text)

    assert layer.services["y"].command == "two"
    assert layer.services["y"].override == "replace"


@pytest.mark.parametrize("text", ["", "{}", "null", "summary: s\n", "checks: null\n", "--- {}\n--- nothing: 1\n"])
def test_an_empty_document_is_an_empty_layer(text: str):
    assert layers.parse("base", text).services == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", 'cannot parse layer "l": yaml: unmarshal errors:\n  line 1: cannot unmarshal !!seq into'),
        ("services: [", 'cannot parse layer "l": yaml: line 1: did not find expected node content'),
        ("extra: 1", 'cannot parse layer "l": unknown section "extra"'),
        ("checks:", 'cannot parse layer "l" section "checks": EOF'),
        ("services: {a: {colour: blue}}", "field colour not found in type plan.Service"),
        ("services:\n  a: {command: x}\n  a: {command: y}\n", 'line 2: mapping key "a" already defined'),
        ("services: {a: {command: [x]}}", "cannot unmarshal !!seq into string"),
        ("services: {a: {command: x, user-id: many}}", "cannot unmarshal !!str `many` into int"),
        ("services: {a: {command: x, kill-delay: 5}}", 'invalid duration "5"'),
        ("services: {a: {command: x, kill-delay: [5]}}", "duration must be a YAML string"),
        ("services: {a: {command: x, backoff-factor: much}}", 'invalid floating-point number "much"'),
        ("services: {a: null}", 'service object cannot be null for service "a"'),
        ("services: {'': {}}", "cannot use empty string as service name"),
        ("services: {pebble: {}}", 'cannot use reserved service name "pebble"'),
        ("services: {-a: {}}", 'cannot use service name "-a": starting with "-" not allowed'),
        ("services: {a: {command: 'x \"'}}", 'plan service "a" command invalid: cannot parse service "a" command'),
        ("services: {a: {command: x, on-success: explode}}", 'on-success action "explode" invalid'),
        ("services: {a: {command: x, backoff-factor: 0.5}}", "must be 1.0 or greater, not 0.5"),
        ("checks: {c: {level: awake}}", 'plan check "c" level must be "alive" or "ready"'),
        ("checks: {c: {startup: maybe}}", 'plan check "c" startup must be "enabled" or "disabled"'),
        ("checks: {c: {period: 0s}}", 'plan check "c" period must not be zero'),
        ("checks: {c: {exec: {command: x, group: root}}}", "must specify user, not just group"),
        ('checks: {c: {exec: {command: "x \'"}}}', 'plan check "c" command invalid: EOF'),
        ("checks: {c: null}", 'check object cannot be null for check "c"'),
        ("checks: {'': {}}", "cannot use empty string as check name"),
        ("log-targets: {t: null}", "log target object cannot be null"),
        ("log-targets: {'': {}}", "cannot use empty string as log target name"),
        ("log-targets: {t: {type: graylog}}", 'has unsupported type "graylog"'),
        ("log-targets: {t: {labels: {pebble_x: a}}}", 'label "pebble_x" uses reserved prefix "pebble_"'),
        ("workloads: {w: null}", "workload object cannot be null"),
        ("workloads: {'': {}}", "cannot use empty string as workload name"),
    ],
)
def test_refuses_with_a_message(text: str, problem: str):
    with pytest.raises(PlanError) as raised:
        layers.parse("l", text)

    assert problem in str(raised.value)


def test_refuses_reserved_labels():
    with pytest.raises(PlanError, match='cannot use reserved label prefix "pebble-"'):
        layers.parse("pebble-mine", "")


def test_files_are_read_in_the_order_of_their_numbers(tmp_path: Path):
    (tmp_path / "020-second.yaml").write_text("")
    (tmp_path / "003-first.yaml").write_text("")
    (tmp_path / "README").write_text("not a layer")

    assert [layer.label for layer in layers.read(tmp_path)] == ["first", "second"]


def test_files_need_a_number(tmp_path: Path):
    (tmp_path / "first.yaml").write_text("")

    with pytest.raises(PlanError, match=r'invalid layer filename: "first\.yaml"'):
        layers.read(tmp_path)


def test_refuses_the_name_of_a_file_before_the_content_of_another(tmp_path: Path):
    (tmp_path / "001-first.yaml").write_text("services: {a: {command: sleep}}")
    (tmp_path / "second.yaml").write_text("")

    with pytest.raises(PlanError, match=r'invalid layer filename: "second\.yaml"'):
        layers.read(tmp_path)
