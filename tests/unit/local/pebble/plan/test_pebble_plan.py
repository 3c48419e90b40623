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


def test_replace_drops_what_was_below():
    found = combined(
        service("override: replace, command: one, summary: old"), service("override: replace, command: two")
    )

    assert found.services["a"] == plan.Service(override="replace", command="two")


def test_merge_adds_to_what_is_below():
    below = service("override: replace, command: one, after: [x], environment: {A: '1', B: '1'}, user-id: 5")
    above = service("override: merge, after: [y], environment: {B: '2'}, user-id: 0, command: ''")

    found = combined(below, above).services["a"]

    assert found.command == "one"
    assert found.after == ("x", "y")
    assert found.environment == {"A": "1", "B": "2"}
    assert found.user_id == 0
    assert found.override == "replace"


def test_nothing_is_cleared_by_a_merge():
    below = service("override: replace, command: one, after: [x], environment: {A: '1'}, user: root")
    above = service("override: merge, after: [], environment: {}, user: null")

    assert combined(below, above) == combined(below)


def test_an_empty_environment_differs_from_none():
    given = combined(service("override: replace, command: one, environment: {}"))

    assert given != combined(service("override: replace, command: one"))
    assert given.services["a"].environment == {}


def test_a_check_gets_its_threshold_and_never_waits_longer_than_its_period():
    found = combined("checks: {c: {override: replace, period: 1s, timeout: 5s, tcp: {port: 1}}}").checks["c"]

    assert found.threshold == 3
    assert str(found.timeout) == "1s"


def test_another_kind_of_check_beside_the_old_one_is_refused():
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
def test_refuses_what_shows_in_the_combined_plan(text: str, problem: str):
    with pytest.raises(PlanError) as raised:
        combined(text)

    assert str(raised.value) == problem


def test_a_known_label_keeps_its_place():
    below, above = stack(service("override: replace, command: one"), service("override: merge, summary: high"))
    again = layers.parse("layer-0", service("override: merge, summary: low"))

    found = plan.add((below, above), again, merge=True, inner=False)

    assert [layer.label for layer in found] == ["layer-0", "layer-1"]
    assert plan.combine(found).services["a"].summary == "high"


def test_a_known_label_needs_combine():
    with pytest.raises(PlanError, match='layer "layer-0" already exists'):
        plan.add(stack(""), stack("")[0], merge=False, inner=False)


def test_a_group_of_layers_sits_together():
    found = tuple(Layer(label=label) for label in ("group/one", "other"))
    new = Layer(label="group/two")

    with pytest.raises(plan.InnerLayerError):
        plan.add(found, new, merge=False, inner=False)

    inside = plan.add(found, new, merge=False, inner=True)
    assert [layer.label for layer in inside] == ["group/one", "group/two", "other"]


def test_workloads_come_from_files_only():
    new = layers.parse("new", "workloads: {w: {override: replace}}")

    with pytest.raises(PlanError, match='cannot change immutable section "workloads"'):
        plan.add((), new, merge=False, inner=False)


@pytest.mark.parametrize(
    ("services", "wanted"), [("[all, -b]", {"a"}), ("[a]", {"a"}), ("[]", set[str]()), ("[-a, all]", {"a", "b"})]
)
def test_the_last_entry_that_matches_decides(services: str, wanted: set[str]):
    layer = layers.parse("l", f"log-targets: {{t: {{override: replace, services: {services}}}}}")

    assert {name for name in ("a", "b") if layer.log_targets["t"].wants(name)} == wanted


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
def test_text_is_quoted_where_yaml_would_read_something_else(value: str, written: str):
    assert plan_text.scalar(value) == written


@pytest.mark.parametrize(("value", "written"), [("two\nlines\n", "|"), ("two\nlines", "|-"), ("two\n\n", "|+")])
def test_text_of_several_lines_is_a_block(value: str, written: str):
    found = plan_text.text(Plan(services={"a": plan.Service(description=value)}))

    assert f"description: {written}\n" in found
