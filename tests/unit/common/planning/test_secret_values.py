"""Secrets of options and integrations: marked by type, and never shown."""

import dataclasses
import json

import builders
import pytest
from builders import SHOP, facts_of, option, related
from paas_common.integrations import BUILT_IN
from paas_common.planning import plan
from paas_common.values.environment import SecretText, Variable
from paas_common.values.facts import Endpoint, ReadableSecret
from paas_common.values.framework import FrameworkSpec

SECRET = "recognisable-secret"
ACCOUNT = {"endpoints": "h:1", "username": "u", "password": SECRET, "database": "d"}
OAUTH_URLS = ("issuer_url", "authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_endpoint")
PEM = "-----BEGIN CERTIFICATE-----\nMIIBexample\n-----END CERTIFICATE-----"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Example:
    """A complete relation of one interface, and the names of its secret variables."""

    endpoint: Endpoint
    secret: frozenset[str] = frozenset()


def url_secrets(prefix: str) -> frozenset[str]:
    """Return the variables of a URL that show its password."""
    return frozenset(f"{prefix}_{name}" for name in ("CONNECT_STRING", "NETLOC", "PASSWORD"))


EXAMPLES = {
    "postgresql_client": Example(
        endpoint=related("postgresql", "postgresql_client", ACCOUNT), secret=url_secrets("POSTGRESQL_DB")
    ),
    "mysql_client": Example(endpoint=related("mysql", "mysql_client", ACCOUNT), secret=url_secrets("MYSQL_DB")),
    "mongodb_client": Example(
        endpoint=related("mongodb", "mongodb_client", {"uris": f"mongodb://u:{SECRET}@h:1/d", **ACCOUNT}),
        secret=url_secrets("MONGODB_DB"),
    ),
    "redis": Example(
        endpoint=related("redis", "redis", {"leader-host": "h"}, units=({"port": "1"},)),
    ),
    "valkey_client": Example(
        endpoint=related(
            "valkey",
            "valkey_client",
            {"requests": json.dumps([{"endpoints": "h:1", "secret-user": "secret:1"}])},
            secrets={"secret:1": {"username": "u", "password": SECRET}},
        ),
        secret=url_secrets("VALKEY_DB"),
    ),
    "rabbitmq": Example(
        endpoint=related("rabbitmq", "rabbitmq", {"hostname": "h", "password": SECRET}),
        secret=url_secrets("RABBITMQ") | {"RABBITMQ_CONNECT_STRINGS"},
    ),
    "s3": Example(
        endpoint=related(
            "s3",
            "s3",
            {"access-key": "a", "secret-key": SECRET, "bucket": "b", "tls-ca-chain": json.dumps([PEM])},
        ),
        secret=frozenset({"S3_SECRET_KEY"}),
    ),
    "saml": Example(endpoint=related("saml", "saml", {"entity_id": "https://e", "x509certs": "MII"})),
    "smtp": Example(
        endpoint=related(
            "smtp",
            "smtp",
            {
                "host": "h",
                "port": "25",
                "user": "u",
                "password": SECRET,
                "auth_type": "plain",
                "transport_security": "none",
            },
        ),
        secret=frozenset({"SMTP_PASSWORD"}),
    ),
    "tracing": Example(
        endpoint=related(
            "tracing",
            "tracing",
            {"receivers": '[{"protocol": {"name": "otlp_http"}, "url": "http://tempo:4318"}]'},
        )
    ),
    "oauth": Example(
        endpoint=related(
            "oidc",
            "oauth",
            {
                **dict.fromkeys(OAUTH_URLS, "https://iam.example.com"),
                "client_id": "c",
                "secret": SECRET,
            },
        ),
        secret=frozenset({"SHOP_OIDC_CLIENT_SECRET"}),
    ),
    "openfga": Example(
        endpoint=related("openfga", "openfga", {"grpc_api_url": "g", "http_api_url": "h", "token": SECRET}),
        secret=frozenset({"FGA_TOKEN"}),
    ),
    "http_proxy": Example(
        endpoint=related(
            "http-proxy",
            "http_proxy",
            {
                "responses": json.dumps(
                    [{"status": "ready", "http_proxy": "http://p", "https_proxy": "http://p", "user": "secret:2"}]
                )
            },
            secrets={"secret:2": {"username": "u", "password": SECRET}},
        ),
        secret=frozenset({"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY"}),
    ),
    "ingress": Example(endpoint=builders.ingress()),
}
EVERYTHING = tuple(example.endpoint for example in EXAMPLES.values())
OPTIONS = (
    option("app-secret-key", "secret:3", type="secret", secret=ReadableSecret(content={"value": SECRET})),
    option("api", "secret:4", type="secret", secret=ReadableSecret(content={"token": SECRET})),
)


def with_everything(spec: FrameworkSpec) -> plan.Draft:
    return builders.drafted(spec, facts_of(spec, *EVERYTHING, options=OPTIONS, secret_key=SECRET))[0]


def test_each_built_in_integration_has_an_example() -> None:
    assert EXAMPLES.keys() == set(BUILT_IN)


@pytest.mark.parametrize("example", [pytest.param(example, id=interface) for interface, example in EXAMPLES.items()])
def test_an_integration_marks_its_secret_variables(example: Example) -> None:
    endpoints = {each.name: each for each in (example.endpoint, builders.ingress())}
    draft, _ = builders.drafted(SHOP, facts_of(SHOP, *endpoints.values()))
    source = f"integration {example.endpoint.name}"
    variables = [variable for variable in draft.environment.values() if variable.source == source]

    assert {each.name for each in variables if isinstance(each.value, SecretText)} == example.secret
    assert [each.name for each in variables if SECRET in each.text and each.name not in example.secret] == []


def test_the_charm_s_own_integration_marks_a_secret_by_pydantic_s_type() -> None:
    facts = facts_of(SHOP, related("queue", "queue", {"url": "q", "token": SECRET}))

    draft, _ = builders.drafted(SHOP, facts, builders.known(builders.QUEUE))

    assert draft.environment["QUEUE_TOKEN"].value == SecretText(SECRET)
    assert draft.environment["QUEUE_URL"].value == "q"


def test_a_variable_does_not_show_its_value() -> None:
    assert SECRET not in repr(Variable(name="A", value=SECRET, source="x"))
    assert SECRET not in repr(SecretText(SECRET))


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_facts_and_draft_show_no_secret(spec: FrameworkSpec) -> None:
    draft = with_everything(spec)

    assert draft.environment["POSTGRESQL_DB_PASSWORD"].text == SECRET
    assert SECRET not in repr(draft.facts)
    assert SECRET not in repr(draft)
    assert SECRET not in repr([read.ready for read in draft.endpoints])


def test_a_secret_key_in_plain_text_is_not_shown() -> None:
    facts = facts_of(SHOP, related("redis", "redis", optional=True), options=(option("shop-secret-key", SECRET),))

    draft, _ = builders.drafted(SHOP, facts)

    assert SECRET not in repr(draft)


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_context_and_additions_show_no_secret(spec: FrameworkSpec) -> None:
    draft = with_everything(spec)

    assert SECRET in draft.context.environment.values()
    assert SECRET not in repr(draft.context)
    assert SECRET not in repr(builders.unchanged(draft))


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_workload_and_plan_show_no_secret(spec: FrameworkSpec) -> None:
    facts = facts_of(spec, *EVERYTHING, options=OPTIONS, secret_key=SECRET)

    assert SECRET in str(builders.workload(spec, facts).layer)
    assert SECRET not in repr(builders.workload(spec, facts))
    assert SECRET not in repr(builders.planned(spec, facts))


@pytest.mark.parametrize("spec", builders.FRAMEWORKS)
def test_published_data_shows_no_secret(spec: FrameworkSpec) -> None:
    facts = facts_of(spec, *EVERYTHING, options=OPTIONS, secret_key=SECRET)

    assert SECRET not in repr(builders.drafted(spec, facts)[1])


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://proxy:3128", "http://proxy:3128"),
        ("localhost,.svc.cluster.local", "localhost,.svc.cluster.local"),
        (f"http://me:{SECRET}@proxy:3128", SecretText(f"http://me:{SECRET}@proxy:3128")),
        (f"me:{SECRET}@proxy:3128", SecretText(f"me:{SECRET}@proxy:3128")),
    ],
)
def test_a_proxy_of_the_model_is_secret_if_it_has_an_account(proxy: str, shown: str | SecretText) -> None:
    draft, _ = builders.drafted(SHOP, facts_of(proxies={"http": proxy}))

    assert draft.environment["http_proxy"].value == draft.environment["HTTP_PROXY"].value == shown
