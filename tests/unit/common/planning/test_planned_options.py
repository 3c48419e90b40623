"""The meaning of valid options: settings, the secret key, ports, and variables."""

import typing

import builders
import pytest
from builders import KEY, SHOP, facts_of, option
from paas_common.planning import options
from paas_common.planning.options import Options
from paas_common.values import environment
from paas_common.values.environment import SecretText
from paas_common.values.facts import Option, ReadableSecret
from paas_common.values.framework import FrameworkSpec, Ports
from paas_fastapi.framework import FASTAPI
from paas_flask.framework import FLASK

KEY_SECRET = ReadableSecret(content={"value": "key"})


def read(spec: FrameworkSpec = SHOP, *set_options: Option, **more: typing.Any) -> Options:
    """Return valid options; ``more`` are further facts."""
    valid = options.read(spec, facts_of(spec, options=set_options, **more))
    assert isinstance(valid, Options), valid
    return valid


def variables(spec: FrameworkSpec, *set_options: Option) -> dict[str, tuple[str, str]]:
    """Return text and source of the variables of the charm's own options."""
    facts = facts_of(spec, options=set_options)
    return {each.name: (each.text, each.source) for each in options.charm_variables(spec, facts)}


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_without_options_a_framework_has_its_defaults_and_a_generated_key(spec: FrameworkSpec) -> None:
    valid = read(spec)

    assert valid.ports == spec.ports
    assert valid.secret_key.name == f"{spec.env_prefix}SECRET_KEY"
    assert valid.secret_key.value == SecretText(KEY)
    assert valid.key_is_generated


@pytest.mark.parametrize(
    ("set_option", "source"),
    [
        pytest.param(option("shop-secret-key", "key"), "option shop-secret-key", id="text"),
        pytest.param(
            option("shop-secret-key-id", "secret:1", type="secret", secret=KEY_SECRET),
            "option shop-secret-key-id",
            id="id-of-a-secret",
        ),
        pytest.param(
            option("app-secret-key", "secret:1", type="secret", secret=KEY_SECRET),
            "option app-secret-key",
            id="newer-extension",
        ),
    ],
)
def test_the_secret_key_of_an_option_replaces_the_generated_one(set_option: Option, source: str) -> None:
    valid = read(SHOP, set_option)

    assert (valid.secret_key.value, valid.secret_key.source) == (SecretText("key"), source)
    assert not valid.key_is_generated


def test_the_newer_option_for_the_secret_key_wins() -> None:
    newer = option("app-secret-key", "secret:1", type="secret", secret=KEY_SECRET)

    assert read(SHOP, option("shop-secret-key", "older"), newer).secret_key.text == "key"


def test_a_secret_key_of_an_option_needs_no_peer_relation() -> None:
    assert read(SHOP, option("shop-secret-key", "key"), peers=None, secret_key=None).secret_key.text == "key"


CONFIG = "port: 1\nmetrics-port: 2\nmetrics-path: /config"
PORT_OPTIONS = (
    option("shop-port", 3, type="int"),
    option("metrics-port", 4, type="int"),
    option("metrics-path", "/option"),
)


@pytest.mark.parametrize(
    ("set_options", "config", "ports"),
    [
        pytest.param((), "", Ports(app=8000, metrics=9000), id="defaults-of-the-framework"),
        pytest.param(PORT_OPTIONS, "", Ports(app=3, metrics=4, metrics_path="/option"), id="options"),
        pytest.param((), CONFIG, Ports(app=1, metrics=2, metrics_path="/config"), id="paas-config"),
        pytest.param(PORT_OPTIONS, CONFIG, Ports(app=1, metrics=2, metrics_path="/config"), id="paas-config-wins"),
        pytest.param(PORT_OPTIONS, "port: 1", Ports(app=1, metrics=4, metrics_path="/option"), id="each-by-itself"),
    ],
)
def test_ports_come_from_paas_config_then_options_then_the_framework(
    set_options: tuple[Option, ...], config: str, ports: Ports
) -> None:
    assert read(SHOP, *set_options, paas_config=config).ports == ports


@pytest.mark.parametrize(
    ("set_options", "config", "ports"),
    [
        pytest.param((option("shop-workers", 0), *PORT_OPTIONS), "", Ports(app=3, metrics=4, metrics_path="/option")),
        pytest.param((option("shop-workers", 0), option("shop-port", 0)), "", None),
        pytest.param((option("metrics-port", 0),), "", None),
        pytest.param((), "port: 0", None),
    ],
)
def test_others_get_the_addresses_while_unrelated_options_are_invalid(
    set_options: tuple[Option, ...], config: str, ports: Ports | None
) -> None:
    addresses = options.addresses(SHOP, facts_of(options=set_options, paas_config=config))

    assert (addresses and addresses[0]) == ports


@pytest.mark.parametrize(
    ("spec", "metrics"), [pytest.param(FASTAPI, 9001, id="fastapi"), pytest.param(FLASK, 9102, id="flask")]
)
def test_metrics_on_the_application_s_port_follow_it(spec: FrameworkSpec, metrics: int) -> None:
    assert read(spec, paas_config="port: 9001").ports.metrics == metrics


@pytest.mark.parametrize(
    ("set_option", "expected"),
    [
        pytest.param(option("api-url", "http://a"), {"SHOP_API_URL": ("http://a", "option api-url")}, id="text"),
        pytest.param(option("debug", value=True), {"SHOP_DEBUG": ("true", "option debug")}, id="boolean"),
        pytest.param(option("retries", 0), {"SHOP_RETRIES": ("0", "option retries")}, id="zero"),
        pytest.param(option("rate", 0.5), {"SHOP_RATE": ("0.5", "option rate")}, id="float"),
        pytest.param(option("empty", ""), {"SHOP_EMPTY": ("", "option empty")}, id="empty-text"),
        pytest.param(option("unset"), {}, id="no-value"),
        pytest.param(option("shop-port", 1), {}, id="option-of-the-framework"),
        pytest.param(option("metrics-port", 1), {}, id="another-option-of-the-framework"),
        pytest.param(
            option("api", "secret:1", secret=ReadableSecret(content={"token": "t", "user-name": "u"})),
            {"SHOP_API_TOKEN": ("t", "option api"), "SHOP_API_USER_NAME": ("u", "option api")},
            id="each-key-of-a-secret",
        ),
    ],
)
def test_an_option_of_the_charm_becomes_variables(set_option: Option, expected: dict[str, tuple[str, str]]) -> None:
    assert variables(SHOP, set_option) == expected


def test_the_content_of_a_secret_is_secret() -> None:
    set_option = option("api", "secret:1", secret=ReadableSecret(content={"token": "t"}))

    (variable,) = options.charm_variables(SHOP, facts_of(options=(set_option,)))

    assert variable.value == SecretText("t")


@pytest.mark.parametrize(
    ("spec", "name", "variable"),
    [
        pytest.param(FASTAPI, "port", "APP_PORT", id="a-field-of-the-settings"),
        pytest.param(FASTAPI, "web-concurrency", "APP_WEB_CONCURRENCY", id="another-field"),
        pytest.param(FLASK, "debug", "FLASK_DEBUG", id="a-variable-of-a-framework-s-option"),
        pytest.param(FLASK, "secret-key", "FLASK_SECRET_KEY", id="the-secret-key"),
        pytest.param(FLASK, "app-title", "FLASK_APP_TITLE", id="a-prefix-of-framework-s-options"),
    ],
)
def test_no_option_of_the_charm_is_dropped(spec: FrameworkSpec, name: str, variable: str) -> None:
    assert variables(spec, option(name, "x")) == {variable: ("x", f"option {name}")}


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_the_secret_key_s_options_have_no_variable_of_their_own(spec: FrameworkSpec) -> None:
    names = [name for key in spec.key_options for name in (key, f"{key}-id")]

    assert variables(spec, *(option(name, "x") for name in names)) == {}


def test_an_option_of_the_framework_becomes_a_variable_unless_it_is_excluded() -> None:
    valid = read(SHOP, option("shop-workers", 3, type="int"), *PORT_OPTIONS)

    (variable,) = options.framework_variables(SHOP, valid.settings)

    assert (variable.name, variable.text, variable.source) == ("SERVER_WORKERS", "3", "option shop-workers")


def test_a_framework_s_option_without_value_has_no_variable() -> None:
    assert list(options.framework_variables(SHOP, read().settings)) == []


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_frameworks_that_accept_the_previous_key_get_it(spec: FrameworkSpec) -> None:
    variables = builders.variables(spec, facts_of(spec, previous_key="old-key"))

    expected = '["old-key"]' if spec.name in {"flask", "django"} else None
    assert variables.get(f"{spec.env_prefix}SECRET_KEY_FALLBACKS") == expected


def test_the_previous_key_is_secret_with_and_without_its_list() -> None:
    draft, _ = builders.drafted(FLASK, facts_of(FLASK, previous_key="old-key"))

    assert environment.redact('signed with ["old-key"], that is old-key', draft.environment) == (
        "signed with ***, that is ***"
    )
    assert "old-key" not in repr(draft.environment)


def test_an_option_of_the_author_wins_over_the_previous_key() -> None:
    facts = facts_of(FLASK, previous_key="old-key", options=(option("secret-key-fallbacks", "[]"),))

    assert builders.variables(FLASK, facts)["FLASK_SECRET_KEY_FALLBACKS"] == "[]"
