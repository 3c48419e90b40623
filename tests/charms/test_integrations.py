"""Tests of every integration: its variables, requests and statuses."""

import base64
import dataclasses
import json
import pathlib
import typing

import pytest
from flask_scenario import Scenario, environment, relation
from ops import testing
from paas_common.integrations import BUILT_IN

EXAMPLES = json.loads((pathlib.Path(__file__).parent / "fixtures/databags.json").read_text())
READY = [each for each in EXAMPLES if each["expected_env"]]
PENDING = {
    "postgresql-waiting",
    "postgresql-missing-password",
    "redis-waiting",
    "rabbitmq-waiting",
    "s3-without-credentials",
    "tracing-no-receiver",
}
MONGODB = "mongodb-k8s-1.mongodb-k8s-endpoints,mongodb-k8s-0.mongodb-k8s-endpoints"
PATH = {"FLASK_BASE_PATH": "/test-model-flask-k8s", "FLASK_APPLICATION_ROOT": "/test-model-flask-k8s"}
# Intended differences from the variables of paas-charm.
OURS = {
    # all hosts, if there are several
    "postgresql-secret-without-uris": {
        "POSTGRESQL_DB_ENDPOINTS": "postgresql-k8s-primary.test-model.svc.cluster.local:5432,"
        "pg-other.test-model.svc.cluster.local:5432"
    },
    "postgresql-multihost-uris": {"POSTGRESQL_DB_ENDPOINTS": "10.0.0.5:5432,10.0.0.6:5432"},
    "mongodb-secret": {"MONGODB_DB_ENDPOINTS": MONGODB},
    # the path of the ingress, and Flask's own name of it
    "ingress": PATH,
    "oauth": PATH,
    # the certificates are also a file
    "s3": {"S3_TLS_CA_FILE": "/tmp/flask/state/s3/ca.pem"},
    "s3-chain-without-attributes": {"S3_TLS_CA_FILE": "/tmp/flask/state/s3/ca.pem"},
    # exactly the provider's text, without an added slash
    "tracing": {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://tempo.test-model.svc.cluster.local:4318"},
    # hosts are sorted: their order in a set must not restart the application
    "rabbitmq-server": {
        "RABBITMQ_CONNECT_STRING": "amqp://flask-k8s:rmqPass01@10.58.171.158:5672/%2F",
        "RABBITMQ_NETLOC": "flask-k8s:rmqPass01@10.58.171.158:5672",
        "RABBITMQ_HOSTNAME": "10.58.171.158",
        "RABBITMQ_CONNECT_STRINGS": (
            "amqp://flask-k8s:rmqPass01@10.58.171.158:5672/%2F,amqp://flask-k8s:rmqPass01@10.58.171.159:5672/%2F"
        ),
    },
}


def example_named(name: str) -> dict[str, typing.Any]:
    return next(each for each in EXAMPLES if each["name"] == name)


def replaced(example: dict[str, typing.Any], **changes: typing.Any) -> dict[str, typing.Any]:
    return {**example, **changes}


def relation_of(example: dict[str, typing.Any], **changes: typing.Any) -> testing.Relation:
    arguments: dict[str, typing.Any] = {
        "interface": example["interface"],
        "remote_app_name": "provider",
        "remote_app_data": example["provider_app"],
        "remote_units_data": {int(unit): databag for unit, databag in example.get("provider_units", {}).items()},
        **changes,
    }
    return testing.Relation(example["endpoint"], **arguments)


def state_of(scenario: Scenario, example: dict[str, typing.Any], *relations: testing.Relation) -> testing.State:
    """Return a state that has only the endpoints of the example and the peers, all related."""
    scenario.meta["requires"] = {"ingress": {"interface": "ingress", "limit": 1}}
    for each in (example, *example.get("also_related", ())):
        declared = scenario.meta["requires"].setdefault(each["endpoint"], {"interface": each["interface"]})
        if each["interface"] != "ingress":
            declared["optional"] = True
    if example["interface"] == "oauth":
        scenario.meta["config"]["options"] |= {
            f"{example['endpoint']}-scopes": {"type": "string", "default": "openid profile email"},
            f"{example['endpoint']}-redirect-path": {"type": "string", "default": "/callback"},
        }
    key = scenario.secret()
    secrets = {testing.Secret(content, id=uri) for uri, content in example["secrets"].items()}
    also = {relation_of(each) for each in example.get("also_related", ())}
    return scenario.state(relations={scenario.peer(key), *relations, *also}, secrets={key, *secrets}, model=MODEL)


MODEL = testing.Model("test-model", type="kubernetes")


@pytest.mark.parametrize("example", [pytest.param(each, id=each["name"]) for each in READY])
def test_provider_data_becomes_variables(scenario: Scenario, example: dict[str, typing.Any]) -> None:
    related = relation_of(example)
    state = state_of(scenario, example, related)
    without = environment(
        scenario.run(scenario.context().on.config_changed(), state_of(scenario, replaced(example, also_related=[])))
    )
    scenario.new_container()

    after = scenario.run(scenario.context().on.relation_changed(related, remote_unit=0), state)

    variables = environment(after)
    new = {name: value for name, value in variables.items() if without.get(name) != value}
    new.pop("FLASK_SECRET_KEY", None)
    assert new == example["expected_env"] | OURS.get(example["name"], {})
    assert after.unit_status == testing.ActiveStatus()


@pytest.mark.parametrize("name", sorted(PENDING))
def test_does_not_wait_for_an_optional_provider(scenario: Scenario, name: str) -> None:
    example = example_named(name)
    related = relation_of(example)

    after = scenario.run(scenario.context().on.config_changed(), state_of(scenario, example, related))

    prefix = BUILT_IN[example["interface"]].env_prefix
    assert not [variable for variable in environment(after) if prefix and variable.startswith(prefix)]
    assert after.unit_status == testing.ActiveStatus()


@pytest.mark.parametrize("name", sorted(PENDING))
def test_waits_for_a_required_provider(scenario: Scenario, name: str) -> None:
    example = example_named(name)
    state = state_of(scenario, example, relation_of(example))
    scenario.meta["requires"][example["endpoint"]]["optional"] = False

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert after.unit_status == testing.WaitingStatus(f"waiting for provider to provide {example['endpoint']}")


@pytest.mark.parametrize("interface", sorted(BUILT_IN))
def test_blocks_with_the_command_while_a_required_integration_is_missing(scenario: Scenario, interface: str) -> None:
    known = BUILT_IN[interface]
    scenario.meta["requires"] = {"some-name": {"interface": interface}}
    key = scenario.secret()

    after = scenario.run(
        scenario.context().on.config_changed(), scenario.state(relations={scenario.peer(key)}, secrets={key})
    )

    assert after.unit_status == testing.BlockedStatus(
        f"missing integrations: some-name (juju integrate flask-k8s {known.provider})"
    )


@pytest.mark.parametrize("example", [pytest.param(each, id=each["name"]) for each in READY])
def test_a_broken_relation_removes_all_variables(scenario: Scenario, example: dict[str, typing.Any]) -> None:
    related = relation_of(example)
    before = environment(
        scenario.run(scenario.context().on.config_changed(), state_of(scenario, replaced(example, also_related=[])))
    )
    scenario.new_container()
    state = scenario.run(
        scenario.context().on.config_changed(), state_of(scenario, replaced(example, also_related=[]), related)
    )

    after = scenario.run(scenario.context().on.relation_broken(relation(state, example["endpoint"])), state)

    assert environment(after) == before


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        ("s3", {"secret-key": None}, "secret-key (field required)"),
        ("s3", {"attributes": "not JSON"}, "attributes (invalid JSON"),
        ("s3", {"tls-ca-chain": '["no certificate"]'}, "tls-ca-chain (must be certificates in PEM form)"),
        ("smtp-secret", {"port": "0"}, "port (input should be greater than or equal to 1)"),
        ("smtp-secret", {"host": ""}, "host (string should have at least 1 character)"),
        ("smtp-secret", {"auth_type": "magic"}, "auth_type (input should be 'none', 'not_provided' or 'plain')"),
        ("smtp-secret", {"auth_type": None}, "auth_type (field required)"),
        ("saml", {"x509certs": None}, "x509certs (field required)"),
        ("saml", {"entity_id": None}, "entity_id (field required)"),
        ("saml", {"metadata_url": "nowhere"}, "metadata_url (must be a URL)"),
        (
            "saml",
            {"single_sign_on_service_redirect_binding": None},
            "single_sign_on_service_redirect_binding (field required)",
        ),
        ("tracing", {"receivers": "{"}, "receivers (invalid JSON"),
        (
            "tracing",
            {"receivers": '[{"protocol": {"name": "otlp_http"}, "url": "no url"}]'},
            "receivers.0.url (must be",
        ),
        ("ingress", {"ingress": '{"url": "no url"}'}, "ingress.url (must be a URL with http or https)"),
        ("ingress", {"ingress": '{"url": "javascript:alert(1)"}'}, "ingress.url (must be a URL with http or https)"),
        ("ingress", {"ingress": "{"}, "ingress (invalid JSON"),
        ("oauth", {"issuer_url": None}, "issuer_url (field required)"),
        ("oauth", {"token_endpoint": "nowhere"}, "token_endpoint (must be a URL with http or https)"),
        ("valkey", {"requests": '[{"endpoints": "h:70000"}]'}, "requests.0.endpoints (must be host:port"),
        *(
            (
                "http-proxy",
                {"responses": json.dumps([{"status": status}])},
                f"responses.0.status (the provider answers {status}; see its own status)",
            )
            for status in ("rejected", "invalid", "unsupported", "error")
        ),
        ("http-proxy", {"responses": "no JSON"}, "responses (invalid JSON"),
        ("valkey", {"requests": "no JSON"}, "requests (invalid JSON"),
        ("valkey-tls", {}, "tls (TLS is not supported; disable it in the provider)"),
        ("redis", {}, "port (input should be less than or equal to 65535)"),
    ],
)
def test_invalid_data_is_reported_with_endpoint_application_and_key(
    scenario: Scenario, name: str, changes: dict[str, str | None], reason: str
) -> None:
    example = example_named(name)
    databag = {key: value for key, value in {**example["provider_app"], **changes}.items() if value is not None}
    units = {"0": {"hostname": "h", "port": "70000"}} if name == "redis" else example.get("provider_units", {})
    broken = {**example, "provider_app": databag, "provider_units": units}

    after = scenario.run(scenario.context().on.config_changed(), state_of(scenario, broken, relation_of(broken)))

    assert isinstance(after.unit_status, testing.BlockedStatus)
    assert f"Invalid {example['endpoint']} relation data from provider: " in after.unit_status.message
    assert reason.casefold() in after.unit_status.message.casefold()


@pytest.mark.parametrize(
    "name", [each["name"] for each in EXAMPLES if each["secrets"] and each["name"] != "oauth-without-ingress"]
)
def test_an_unreadable_secret_does_not_block(scenario: Scenario, name: str) -> None:
    example = replaced(example_named(name), secrets={})

    after = scenario.run(scenario.context().on.config_changed(), state_of(scenario, example, relation_of(example)))

    assert isinstance(after.unit_status, testing.ActiveStatus | testing.WaitingStatus)


@pytest.mark.parametrize(
    "name", ["rabbitmq-k8s", "openfga", "oauth", "tracing", "s3", "postgresql-secret", "mysql-secret"]
)
def test_the_leader_sends_the_same_request_as_paas_charm(scenario: Scenario, name: str) -> None:
    example = example_named(name)
    empty = replaced(example, provider_app={}, secrets={})
    related = relation_of(empty, remote_units_data={0: {}})
    state = state_of(scenario, empty, related)

    created = scenario.run(scenario.context().on.relation_created(related), state)
    after = scenario.run(
        scenario.context().on.relation_joined(relation(created, example["endpoint"]), remote_unit=0), created
    )

    assert dict(relation(after, example["endpoint"]).local_app_data) == example["requirer_app"]


@pytest.mark.parametrize("interface", ["valkey_client", "http_proxy"])
def test_the_id_in_a_request_never_changes(scenario: Scenario, interface: str) -> None:
    example = next(each for each in EXAMPLES if each["interface"] == interface)
    empty = replaced(example, provider_app={}, secrets={})
    related = relation_of(empty)
    state = state_of(scenario, empty, related)

    once = scenario.run(scenario.context().on.config_changed(), state)
    twice = scenario.run(scenario.context().on.config_changed(), once)

    request = dict(relation(once, example["endpoint"]).local_app_data)
    assert request
    assert dict(relation(twice, example["endpoint"]).local_app_data) == request


def test_a_follower_sends_no_request(scenario: Scenario) -> None:
    example = replaced(example_named("rabbitmq-k8s"), provider_app={})
    state = dataclasses.replace(state_of(scenario, example, relation_of(example)), leader=False)

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert dict(relation(after, "rabbitmq").local_app_data) == {}


def test_the_ingress_gets_the_port_and_sets_the_address(scenario: Scenario) -> None:
    example = example_named("ingress")
    related = relation_of(example)
    scenario.paas_config = "port: 8443\n"

    after = scenario.run(scenario.context().on.relation_changed(related), state_of(scenario, example, related))

    ingress = relation(after, "ingress")
    assert dict(ingress.local_app_data) == {**example["requirer_app"], "port": "8443", "is_port_open": "true"}
    assert set(ingress.local_unit_data) >= {"host", "ip"}
    assert environment(after)["FLASK_BASE_URL"] == "http://juju.test/test-model-flask-k8s"


def test_blocks_while_a_required_ingress_is_missing(scenario: Scenario) -> None:
    scenario.meta["requires"] = {"ingress": {"interface": "ingress", "optional": False}}
    key = scenario.secret()

    after = scenario.run(
        scenario.context().on.config_changed(), scenario.state(relations={scenario.peer(key)}, secrets={key})
    )

    assert after.unit_status == testing.BlockedStatus(
        "missing integrations: ingress (juju integrate flask-k8s traefik-k8s)"
    )


@pytest.mark.parametrize("name", ["smtp-secret", "openfga", "postgresql-secret", "valkey", "http-proxy"])
def test_waits_for_an_unreadable_secret_of_a_required_integration(scenario: Scenario, name: str) -> None:
    example = replaced(example_named(name), secrets={})
    state = state_of(scenario, example, relation_of(example))
    scenario.meta["requires"][example["endpoint"]]["optional"] = False

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert after.unit_status == testing.WaitingStatus(f"waiting for provider to provide {example['endpoint']}")


@pytest.mark.parametrize("word", ["no", "one", "on"])
def test_a_mail_user_named_like_a_part_of_none_is_kept(scenario: Scenario, word: str) -> None:
    example = example_named("smtp-secret")
    answered = replaced(example, provider_app={**example["provider_app"], "user": word, "domain": word})

    after = scenario.run(scenario.context().on.config_changed(), state_of(scenario, answered, relation_of(answered)))

    assert (environment(after)["SMTP_USER"], environment(after)["SMTP_DOMAIN"]) == (word, word)


def test_the_order_of_units_does_not_matter(scenario: Scenario) -> None:
    example = example_named("rabbitmq-server")
    databag = example["provider_units"]["0"]
    environments = set[str]()
    for order in ([0, 1, 2], [2, 0, 1], [1, 2, 0]):
        units = {str(unit): {**databag, "hostname": f"10.0.0.{unit}"} for unit in order}
        answered = replaced(example, provider_units=units)
        scenario.new_container()
        after = scenario.run(
            scenario.context().on.config_changed(), state_of(scenario, answered, relation_of(answered))
        )
        environments.add(json.dumps(environment(after)))

    assert len(environments) == 1
    assert "10.0.0.0:5672/%2F,amqp" in environments.pop()


def test_an_ipv6_address_is_in_brackets(scenario: Scenario) -> None:
    example = replaced(
        example_named("redis"), provider_app={}, provider_units={"0": {"hostname": "fd00::5", "port": "6379"}}
    )

    variables = environment(
        scenario.run(scenario.context().on.config_changed(), state_of(scenario, example, relation_of(example)))
    )

    assert variables["REDIS_DB_CONNECT_STRING"] == "redis://[fd00::5]:6379"
    assert (variables["REDIS_DB_HOSTNAME"], variables["REDIS_DB_PORT"]) == ("fd00::5", "6379")


def test_oauth_without_an_ingress_blocks_with_the_command(scenario: Scenario) -> None:
    example = example_named("oauth-without-ingress")

    after = scenario.run(scenario.context().on.config_changed(), state_of(scenario, example, relation_of(example)))

    assert after.unit_status == testing.BlockedStatus(
        "integration oidc needs an ingress, so that browsers reach the application "
        "(juju integrate flask-k8s traefik-k8s)"
    )


def test_oauth_without_the_openid_scope_blocks(scenario: Scenario) -> None:
    example = example_named("oauth")
    state = dataclasses.replace(state_of(scenario, example, relation_of(example)), config={"oidc-scopes": "profile"})

    after = scenario.run(scenario.context().on.config_changed(), state)

    assert after.unit_status == testing.BlockedStatus("invalid options: oidc-scopes (must contain openid)")


def test_a_password_is_quoted_in_every_url(scenario: Scenario) -> None:
    odd = "p@ss/w:rd %#?&"
    example = example_named("rabbitmq-k8s")
    databag = {**example["provider_app"], "password": odd}
    changed = {**example, "provider_app": databag}

    after = scenario.run(scenario.context().on.config_changed(), state_of(scenario, changed, relation_of(changed)))

    assert environment(after)["RABBITMQ_PASSWORD"] == odd
    assert "p%40ss%2Fw%3Ard%20%25%23%3F%26@" in environment(after)["RABBITMQ_CONNECT_STRING"]


def test_the_certificates_of_s3_are_a_file_in_every_format(scenario: Scenario) -> None:
    example = example_named("s3")
    pem = json.loads(example["provider_app"]["tls-ca-chain"])[0]
    other = pem.replace("example", "another")
    chain = json.dumps([pem, base64.b64encode(other.encode()).decode()])
    changed = {**example, "provider_app": {**example["provider_app"], "tls-ca-chain": chain}}

    after = scenario.run(scenario.context().on.config_changed(), state_of(scenario, changed, relation_of(changed)))

    assert (scenario.root / "tmp/state/s3/ca.pem").read_text() == f"{pem}\n{other}\n"
    assert environment(after)["S3_TLS_CA_CHAIN"] == chain
