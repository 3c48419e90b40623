"""Tests of the charm author's ``paas-config.yaml``."""

import pytest
from flask_scenario import Scenario, environment
from ops import testing
from paas_common.values import paas_config
from paas_common.values.paas_config import Invalid, PaasConfig


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("port: 0", "port (input should be greater than or equal to 1)"),
        ("port: 70000", "port (input should be less than or equal to 65535)"),
        ("port: high", "port (input should be a valid integer)"),
        ("colour: blue", "colour (extra inputs are not permitted)"),
        ("framework_logging_format: xml", "framework_logging_format (input should be 'none' or 'json')"),
        ("- a\n- b", "it must be a mapping of keys to values"),
        ("false", "it must be a mapping of keys to values"),
        (
            "prometheus: {scrape_configs: [{job_name: a, static_configs: [{targets: ['@scheduler']}]}]}",
            ("prometheus.scrape_configs.0.static_configs.0.targets (a scheduler target must be @scheduler:PORT)"),
        ),
        (
            "prometheus: {scrape_configs: [{job_name: a, static_configs: []}, {job_name: a, static_configs: []}]}",
            "prometheus.scrape_configs (job_name must be unique: a)",
        ),
        (
            "prometheus: {scrape_configs: [{static_configs: []}]}",
            "prometheus.scrape_configs.0.job_name (field required)",
        ),
    ],
)
def test_an_invalid_key_is_named(text: str, reason: str) -> None:
    assert paas_config.parse(text) == Invalid(f"invalid paas-config.yaml: {reason}")


@pytest.mark.parametrize("text", ["a: [", "\udcff", "\x00"])
def test_invalid_yaml_is_reported_in_one_line(text: str) -> None:
    refused = paas_config.parse(text)

    assert isinstance(refused, Invalid)
    assert refused.reason.startswith("invalid paas-config.yaml: ")
    assert "\n" not in refused.reason


@pytest.mark.parametrize("text", ["", "# nothing", "framework_logging_format: null"])
def test_unset_options_have_their_defaults(text: str) -> None:
    assert paas_config.parse(text) == PaasConfig()


def test_both_spellings_of_a_key_work() -> None:
    assert paas_config.parse("metrics-port: 9000") == paas_config.parse("metrics_port: 9000")


def test_the_port_is_used_everywhere(scenario: Scenario) -> None:
    scenario.paas_config = "port: 8443\nmetrics-port: 9999\nmetrics-path: /stats\n"

    after = scenario.settled()

    variables = environment(after)
    (container,) = after.containers
    assert 'bind = ["0.0.0.0:8443"]' in scenario.gunicorn
    assert variables["FLASK_BASE_URL"] == "http://flask-k8s.demo:8443"
    assert (variables["FLASK_METRICS_PORT"], variables["FLASK_METRICS_PATH"]) == ("9999", "/stats")
    assert container.plan.checks["answers"].tcp == {"port": 8443}
    assert after.opened_ports == {testing.TCPPort(8443)}


@pytest.mark.parametrize("text", ["port: 0\n", "a: [\n", b"\xff\xfe"])
def test_a_broken_file_blocks(scenario: Scenario, text: str | bytes) -> None:
    scenario.paas_config = text

    after = scenario.run(scenario.context().on.config_changed(), scenario.state())

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert after.unit_status.message.startswith("invalid paas-config.yaml: ")
