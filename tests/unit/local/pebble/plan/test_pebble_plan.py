"""Layers are combined by their override rules, and the plan reads back as YAML."""

import pytest
from paas_local.pebble.plan import layers, plan, plan_text
from paas_local.pebble.plan.plan import Layer, Plan, PlanError


def stack(*texts: str) -> tuple[Layer, ...]:
    return tuple(layers.parse(f"layer-{number}", text) for number, text in enumerate(texts))


def combined(*texts: str) -> Plan:
    return plan.validate(plan.combine(stack(*texts)))


def service(fields: str) -> str:
    return f"services: {{a: {{{fields}}}}}"


def test_replace_drops_the_earlier_entry():
    result = combined(
        service("override: replace, command: one, summary: old"), service("override: replace, command: two")
    )

    assert result.services["a"] == plan.Service(override="replace", command="two")


def test_merge_adds_to_the_earlier_entry():
    below = service("override: replace, command: one, after: [x], environment: {A: '1', B: '1'}, user-id: 5")
    above = service("override: merge, after: [y], environment: {B: '2'}, user-id: 0, command: ''")

    merged = combined(below, above).services["a"]

    assert merged.command == "one"
    assert merged.after == ("x", "y")
    assert merged.environment == {"A": "1", "B": "2"}
    assert merged.user_id == 0
    assert merged.override == "replace"


def test_a_merge_keeps_fields_that_are_empty():
    below = service("override: replace, command: one, after: [x], environment: {A: '1'}, user: root")
    above = service("override: merge, after: [], environment: {}, user: null")

    assert combined(below, above) == combined(below)


def test_an_empty_environment_differs_from_none():
    empty = combined(service("override: replace, command: one, environment: {}"))

    assert empty != combined(service("override: replace, command: one"))
    assert empty.services["a"].environment == {}


def test_a_check_has_a_threshold_and_a_timeout_of_at_most_its_period():
    check = combined("checks: {c: {override: replace, period: 1s, timeout: 5s, tcp: {port: 1}}}").checks["c"]

    assert check.threshold == 3
    assert str(check.timeout) == "1s"


def test_two_kinds_in_one_check_are_refused():
    below = "checks: {c: {override: replace, tcp: {port: 1}}}"
    above = "checks: {c: {override: merge, exec: {command: x}}}"

    with pytest.raises(PlanError, match='plan must specify one of "http", "tcp", or "exec" for check "c"'):
        combined(below, above)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (service("command: x"), 'layer "layer-0" must define "override" for service "a"'),
        (service("override: both"), 'layer "layer-0" has invalid "override" value for service "a"'),
        (service("override: merge"), 'plan must define "command" for service "a"'),
        (service("override: merge, command: x, requires: [b]"), 'service "b" does not exist'),
        (service("override: merge, command: x, workload: w"), 'workload "w": not defined for service "a"'),
        ("checks: {c: {override: merge, http: {}}}", 'plan must set "url" for http check "c"'),
        ("checks: {c: {override: merge, tcp: {}}}", 'plan must set "port" for tcp check "c"'),
        ("checks: {c: {override: merge, exec: {}}}", 'plan must set "command" for exec check "c"'),
        (
            "checks: {c: {override: merge, exec: {command: x, service-context: b}}}",
            'plan check "c" service context specifies non-existent service "b"',
        ),
        (
            "log-targets: {t: {override: merge}}",
            'plan must define "type" ("loki", "opentelemetry" or "syslog") for log target "t"',
        ),
        (
            "log-targets: {t: {override: merge, type: loki}}",
            'plan must define "location" for log target "t"',
        ),
        (
            "log-targets: {t: {override: merge, type: loki, location: x, services: [-b]}}",
            'log target "t" specifies unknown service "b"',
        ),
        (
            "services: {a: {override: merge, command: x, after: [b]}, b: {override: merge, command: x, after: [a]}}",
            "services in before/after loop: a, b",
        ),
        (
            "workloads: {w: {override: merge}}\n" + service("override: merge, command: x, workload: w, user: root"),
            'plan service "a" cannot have user information and a workload at the same time',
        ),
    ],
)
def test_refuses_an_invalid_combined_plan(text: str, problem: str):
    with pytest.raises(PlanError) as raised:
        combined(text)

    assert str(raised.value) == problem


def test_an_existing_label_keeps_its_place():
    below, above = stack(service("override: replace, command: one"), service("override: merge, summary: high"))
    again = layers.parse("layer-0", service("override: merge, summary: low"))

    result = plan.add((below, above), again, merge=True, inner=False)

    assert [layer.label for layer in result] == ["layer-0", "layer-1"]
    assert plan.combine(result).services["a"].summary == "high"


def test_an_existing_label_needs_combine():
    with pytest.raises(PlanError, match='layer "layer-0" already exists'):
        plan.add(stack(""), stack("")[0], merge=False, inner=False)


def test_layers_of_a_group_stay_together():
    existing = tuple(Layer(label=label) for label in ("group/one", "other"))
    new = Layer(label="group/two")

    with pytest.raises(plan.InnerLayerError):
        plan.add(existing, new, merge=False, inner=False)

    inside = plan.add(existing, new, merge=False, inner=True)
    assert [layer.label for layer in inside] == ["group/one", "group/two", "other"]


def test_workloads_come_from_files_only():
    new = layers.parse("new", "workloads: {w: {override: replace}}")

    with pytest.raises(PlanError, match='cannot change immutable section "workloads"'):
        plan.add((), new, merge=False, inner=False)


@pytest.mark.parametrize(
    ("services", "names"), [("[all, -b]", {"a"}), ("[a]", {"a"}), ("[]", set[str]()), ("[-a, all]", {"a", "b"})]
)
def test_the_last_entry_that_matches_decides(services: str, names: set[str]):
    layer = layers.parse("l", f"log-targets: {{t: {{override: replace, services: {services}}}}}")

    assert {name for name in ("a", "b") if layer.log_targets["t"].receives(name)} == names


def test_an_empty_plan_is_an_empty_mapping():
    assert plan_text.text(Plan()) == "{}\n"


def test_the_plan_is_written_in_the_order_of_its_fields():
    text = service("command: one, override: replace, environment: {B: '2', A: two}, kill-delay: 90s, summary: s")

    assert plan_text.text(combined(text)) == (
        "services:\n    a:\n        summary: s\n        override: replace\n        command: one\n"
        '        environment:\n            A: two\n            B: "2"\n        kill-delay: 1m30s\n'
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain text", "plain text"),
        ("", '""'),
        ("yes", '"yes"'),
        ("y", '"y"'),
        ("010", '"010"'),
        ("1e3", '"1e3"'),
        ("2020-01-01", '"2020-01-01"'),
        ("a # b", "'a # b'"),
        ("it's: so", "'it''s: so'"),
        ("-a", "-a"),
        ("a\tb", '"a\\tb"'),
    ],
)
def test_text_is_quoted_if_yaml_would_read_another_type(value: str, written: str):
    assert plan_text.scalar(value) == written


@pytest.mark.parametrize(("value", "written"), [("two\nlines\n", "|"), ("two\nlines", "|-"), ("two\n\n", "|+")])
def test_text_of_several_lines_is_a_block(value: str, written: str):
    text = plan_text.text(Plan(services={"a": plan.Service(description=value)}))

    assert f"description: {written}\n" in text
