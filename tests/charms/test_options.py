"""Tests of every option of the Flask charm, with valid and invalid values."""

import dataclasses
import pathlib
import re
import typing

import pytest
from flask_scenario import CHARM, DATABASE, Scenario, environment, postgresql
from ops import testing
from paas_local.build import charmcraft_extensions, yaml_files


@pytest.mark.parametrize(
    ("option", "value", "variable", "text"),
    [
        ("flask-application-root", "/shop", "FLASK_APPLICATION_ROOT", "/shop"),
        ("flask-debug", True, "FLASK_DEBUG", "true"),
        ("flask-debug", False, "FLASK_DEBUG", "false"),
        ("flask-env", "staging", "FLASK_ENV", "staging"),
        ("flask-permanent-session-lifetime", 3600, "FLASK_PERMANENT_SESSION_LIFETIME", "3600"),
        ("flask-preferred-url-scheme", "http", "FLASK_PREFERRED_URL_SCHEME", "HTTP"),
        ("flask-preferred-url-scheme", "HTTPS", "FLASK_PREFERRED_URL_SCHEME", "HTTPS"),
        ("flask-session-cookie-secure", True, "FLASK_SESSION_COOKIE_SECURE", "true"),
        ("flask-secret-key", "mine", "FLASK_SECRET_KEY", "mine"),
        ("greeting", "", "FLASK_GREETING", ""),
        ("greeting", " as it is ", "FLASK_GREETING", " as it is "),
    ],
)
def test_an_option_becomes_a_variable(scenario: Scenario, option: str, value: object, variable: str, text: str) -> None:
    after = scenario.run(scenario.context().on.config_changed(), scenario.state(config={option: value}))

    assert environment(after)[variable] == text
    assert after.unit_status == testing.ActiveStatus()


def test_unset_options_have_their_defaults(scenario: Scenario) -> None:
    variables = environment(scenario.settled())

    assert {name: value for name, value in variables.items() if not name.startswith("POSTGRESQL")} == {
        "FLASK_BASE_URL": "http://flask-k8s.demo:8000",
        "FLASK_GREETING": "Leave a note",
        "FLASK_METRICS_PATH": "/metrics",
        "FLASK_METRICS_PORT": "9102",
        "FLASK_PREFERRED_URL_SCHEME": "HTTPS",
        "FLASK_SECRET_KEY": "generated-key",
        "OF_THE_IMAGE": "kept",
    }


@pytest.mark.parametrize(
    ("option", "value", "line"),
    [
        ("webserver-workers", 4, "workers = 4"),
        ("webserver-threads", 2, "threads = 2"),
        ("webserver-keepalive", 0, "keepalive = 0"),
        ("webserver-timeout", 120, "timeout = 120"),
    ],
)
def test_a_web_server_option_becomes_a_line(scenario: Scenario, option: str, value: int, line: str) -> None:
    after = scenario.run(scenario.context().on.config_changed(), scenario.state(config={option: value}))

    assert line in scenario.gunicorn.splitlines()
    assert after.unit_status == testing.ActiveStatus()


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("flask-application-root", "", "string should have at least 1 character"),
        ("flask-env", "", "string should have at least 1 character"),
        ("flask-permanent-session-lifetime", 0, "input should be greater than 0"),
        ("flask-permanent-session-lifetime", -5, "input should be greater than 0"),
        ("flask-preferred-url-scheme", "gopher", "input should be 'HTTP' or 'HTTPS'"),
        ("flask-secret-key", "", "must not be empty"),
        ("webserver-workers", 0, "input should be greater than or equal to 1"),
        ("webserver-workers", -1, "input should be greater than or equal to 1"),
        ("webserver-threads", 0, "input should be greater than or equal to 1"),
        ("webserver-keepalive", -1, "input should be greater than or equal to 0"),
        ("webserver-timeout", -1, "input should be greater than or equal to 0"),
        ("webserver-worker-class", "eventlet", "input should be 'sync' or 'gevent'"),
    ],
)
def test_an_invalid_option_is_named(scenario: Scenario, option: str, value: object, why: str) -> None:
    after = scenario.run(scenario.context().on.config_changed(), scenario.state(config={option: value}))

    assert after.unit_status == testing.BlockedStatus(f"invalid options: {option} ({why})")


def test_the_status_has_all_invalid_options_and_the_application_keeps_running(scenario: Scenario) -> None:
    settled = scenario.settled()
    bad = {"flask-env": "", "webserver-workers": -1}

    after = scenario.run(
        scenario.context().on.config_changed(), scenario.state(config=bad, containers=settled.containers)
    )

    assert after.unit_status == testing.BlockedStatus(
        "invalid options: flask-env (string should have at least 1 character), "
        "webserver-workers (input should be greater than or equal to 1)"
    )
    assert environment(after) == environment(settled)


def test_blocks_on_a_required_option_without_a_value(scenario: Scenario) -> None:
    scenario.meta["config"]["options"]["api-key"] = {"type": "string", "optional": False}
    scenario.meta["config"]["options"]["region"] = {"type": "string", "optional": False}

    after = scenario.run(scenario.context().on.config_changed(), scenario.state())

    assert after.unit_status == testing.BlockedStatus(
        "missing options: api-key, region (juju config flask-k8s api-key=<value> region=<value>)"
    )


@pytest.mark.parametrize(
    ("kind", "value", "text"), [("int", 3, "3"), ("float", 1.5, "1.5"), ("boolean", True, "true"), ("string", "3", "3")]
)
def test_the_type_of_an_author_s_option_is_kept(scenario: Scenario, kind: str, value: object, text: str) -> None:
    scenario.meta["config"]["options"]["some-limit"] = {"type": kind}

    after = scenario.run(scenario.context().on.config_changed(), scenario.state(config={"some-limit": value}))

    assert environment(after)["FLASK_SOME_LIMIT"] == text


def test_a_framework_option_hides_no_option_of_the_author(scenario: Scenario) -> None:
    scenario.meta["config"]["options"] |= {"env": {"type": "string"}, "app-colour": {"type": "string"}}

    after = scenario.run(
        scenario.context().on.config_changed(), scenario.state(config={"env": "theirs", "app-colour": "blue"})
    )

    assert (environment(after)["FLASK_ENV"], environment(after)["FLASK_APP_COLOUR"]) == ("theirs", "blue")


def test_a_secret_option_sets_a_variable_per_key(scenario: Scenario) -> None:
    key = scenario.secret()
    credentials = testing.Secret({"name": "ann", "pass-word": "s3cret"})
    state = scenario.state(
        config={"moderator": credentials.id},
        secrets={key, credentials},
        relations={scenario.peer(key), postgresql(app=DATABASE)},
    )

    after = scenario.run(scenario.context().on.config_changed(), state)

    variables = environment(after)
    assert variables["FLASK_MODERATOR_NAME"] == "ann"
    assert variables["FLASK_MODERATOR_PASS_WORD"] == "s3cret"
    assert "FLASK_MODERATOR" not in variables


def test_blocks_on_a_secret_option_without_a_grant(scenario: Scenario) -> None:
    after = scenario.run(
        scenario.context().on.config_changed(), scenario.state(config={"moderator": "secret:d1ehcifmp25c76e01vhg"})
    )

    assert after.unit_status == testing.BlockedStatus(
        "option moderator names a secret that flask-k8s may not read or that does not exist "
        "(juju grant-secret secret:d1ehcifmp25c76e01vhg flask-k8s)"
    )


def test_a_charm_without_the_rotate_action_works(scenario: Scenario) -> None:
    scenario.meta["actions"] = {}

    after = scenario.run(scenario.context().on.config_changed(), scenario.state())

    assert after.unit_status == testing.ActiveStatus()


class TestSecretKey:
    """Tests of the operator's secret key."""

    def test_the_key_comes_from_a_secret(self, scenario: Scenario) -> None:
        state = self.with_secret(scenario, {"value": "from-a-secret"})

        after = scenario.run(scenario.context().on.config_changed(), state)

        assert environment(after)["FLASK_SECRET_KEY"] == "from-a-secret"
        assert "FLASK_SECRET_KEY_ID" not in environment(after)

    @pytest.mark.parametrize("content", [{"key": "k"}, {"value": "v", "other": "o"}])
    def test_blocks_on_a_secret_with_other_keys(self, scenario: Scenario, content: dict[str, str]) -> None:
        after = scenario.run(scenario.context().on.config_changed(), self.with_secret(scenario, content))

        assert after.unit_status == testing.BlockedStatus(
            "invalid options: flask-secret-key-id (the secret must hold one key, value, that is not empty)"
        )

    def test_blocks_on_both_options_together(self, scenario: Scenario) -> None:
        config = {"flask-secret-key": "a", "flask-secret-key-id": "secret:d1ehcifmp25c76e01vhg"}

        after = scenario.run(scenario.context().on.config_changed(), scenario.state(config=config))

        assert "invalid options: flask-secret-key, flask-secret-key-id (only one of the two may be set)" in (
            after.unit_status.message
        )

    def test_both_names_of_the_options_work(self, scenario: Scenario) -> None:
        options = scenario.meta["config"]["options"]
        options["app-secret-key"] = options.pop("flask-secret-key")
        options["app-secret-key-id"] = options.pop("flask-secret-key-id")

        after = scenario.run(scenario.context().on.config_changed(), scenario.state(config={"app-secret-key": "mine"}))

        assert environment(after)["FLASK_SECRET_KEY"] == "mine"
        assert "FLASK_APP_SECRET_KEY" not in environment(after)

    @staticmethod
    def with_secret(scenario: Scenario, content: dict[str, str]) -> testing.State:
        key, operator_key = scenario.secret(), testing.Secret(typing.cast("typing.Any", content))
        return scenario.state(
            config={"flask-secret-key-id": operator_key.id},
            secrets={key, operator_key},
            relations={scenario.peer(key), postgresql(app=DATABASE)},
        )


def test_every_option_of_the_extension_is_tested(scenario: Scenario) -> None:
    mine = {"greeting", "moderator"}
    text = pathlib.Path(__file__).read_text()

    missing = [
        name for name in scenario.meta["config"]["options"] if name not in mine and not re.search(f'"{name}"', text)
    ]

    assert missing == []


@pytest.mark.parametrize("kind", ["http", "https", "no"])
def test_the_proxies_of_the_model_become_variables(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv(f"JUJU_CHARM_{kind.upper()}_PROXY", "squid:3128")

    variables = environment(scenario.run(scenario.context().on.config_changed(), scenario.state()))

    assert variables[f"{kind}_proxy"] == variables[f"{kind.upper()}_PROXY"] == "squid:3128"


def test_an_empty_proxy_sets_no_variable(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUJU_CHARM_HTTP_PROXY", "")

    assert "http_proxy" not in environment(scenario.settled())


def test_the_newer_extension_works(scenario: Scenario, monkeypatch: pytest.MonkeyPatch) -> None:
    """Test the container ``app``, the peers ``peers``, and the option for a secret key."""
    monkeypatch.setenv(charmcraft_extensions.EXPERIMENTAL, "1")
    charmcraft = {**yaml_files.load(CHARM / "charmcraft.yaml"), "base": "ubuntu@26.04"}
    scenario.meta, scenario.container = charmcraft_extensions.expand(charmcraft, CHARM), "app"
    key, operator_key = scenario.secret(), testing.Secret({"value": "mine"})
    peer = testing.PeerRelation("peers", local_app_data={"flask_secret_key_id": key.id})
    relations = {peer, postgresql(app=DATABASE)}
    state = scenario.state(secrets={key, operator_key}, relations=relations)

    generated = scenario.run(scenario.context().on.config_changed(), state)
    after_choice = scenario.run(
        scenario.context().on.config_changed(), dataclasses.replace(state, config={"app-secret-key": operator_key.id})
    )

    assert environment(generated)["FLASK_SECRET_KEY"] == "generated-key"
    assert environment(after_choice)["FLASK_SECRET_KEY"] == "mine"
    assert after_choice.unit_status == testing.ActiveStatus()
