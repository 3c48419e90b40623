"""Variables, requests and URLs of endpoints."""

import dataclasses
import typing

import builders
import pytest
from builders import QUEUE, SHOP, facts_of, ingress, postgresql, related, unrelated
from paas_common.integrations import BUILT_IN, Context, Integrations, Invalid, Pending, Ready
from paas_common.planning import endpoints
from paas_common.planning.endpoints import ReadEndpoint
from paas_common.values.facts import Endpoint, StrMap
from paas_flask.framework import FLASK

CLUSTER_URL = "http://shop.demo:8000"
CHAIN = '["-----BEGIN CERTIFICATE-----\\nMIIBexample\\n-----END CERTIFICATE-----"]'
QUEUE_DATA = {"url": "amqp://queue", "token": "s3cret-token"}


def read(*charm_endpoints: Endpoint, known: Integrations = BUILT_IN, **more: typing.Any) -> dict[str, ReadEndpoint]:
    """Return the endpoints by name; ``more`` are further facts."""
    facts = facts_of(SHOP, *charm_endpoints, **more)
    return {each.endpoint.name: each for each in endpoints.read(SHOP, facts, known, CLUSTER_URL)}


def prefixes(*charm_endpoints: Endpoint) -> dict[str, str]:
    return {name: each.context.env_prefix for name, each in read(*charm_endpoints).items()}


def public_url(*charm_endpoints: Endpoint) -> str | None:
    return endpoints.public_url(tuple(read(*charm_endpoints).values()))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(("postgresql",), {"postgresql": "POSTGRESQL_DB"}, id="default-name"),
        pytest.param(("orders",), {"orders": "POSTGRESQL_DB"}, id="the-only-endpoint-of-its-interface"),
        pytest.param(
            ("orders", "postgresql"), {"orders": "ORDERS", "postgresql": "POSTGRESQL_DB"}, id="the-default-name-wins"
        ),
        pytest.param(
            ("orders", "user-data"), {"orders": "POSTGRESQL_DB", "user-data": "USER_DATA"}, id="else-the-first-wins"
        ),
    ],
)
def test_one_endpoint_of_an_interface_has_the_default_prefix(names: tuple[str, ...], expected: StrMap) -> None:
    assert prefixes(*(postgresql(name) for name in names)) == expected


def test_an_interface_without_prefix_uses_the_endpoint_s_name() -> None:
    assert prefixes(unrelated("login", "oauth")) == {"login": "LOGIN"}


def test_files_of_an_endpoint_are_in_a_folder_of_its_own() -> None:
    assert read(postgresql("orders"))["orders"].context.folder == "/state/orders"


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        pytest.param(unrelated("redis", "redis"), Pending, id="no-relation"),
        pytest.param(related("redis", "redis"), Pending, id="empty-databag"),
        pytest.param(related("redis", "redis", {"leader-host": "r"}, units=({"port": "0"},)), Invalid, id="invalid"),
        pytest.param(related("redis", "redis", {"leader-host": "r"}, units=({"port": "1"},)), Ready, id="complete"),
    ],
)
def test_databags_are_pending_invalid_or_ready(endpoint: Endpoint, kind: type) -> None:
    read_endpoint = read(endpoint)["redis"]

    assert type(read_endpoint.reading) is kind
    assert (read_endpoint.ready is not None) is (kind is Ready)


@pytest.mark.parametrize(
    ("charm_endpoints", "url"),
    [
        pytest.param((), None, id="no-ingress"),
        pytest.param((unrelated("ingress", "ingress"),), None, id="no-relation"),
        pytest.param((ingress(""),), None, id="no-url-yet"),
        pytest.param((ingress("https://a"),), "https://a", id="one"),
        pytest.param((ingress("https://b", "admin"), ingress("https://a")), "https://a", id="the-default-wins"),
        pytest.param(
            (unrelated("ingress", "ingress"), ingress("https://b", "admin")), "https://b", id="the-only-related-one"
        ),
        pytest.param(
            (ingress("https://b", "admin"), ingress("")), None, id="the-related-default-wins-before-it-has-a-url"
        ),
    ],
)
def test_the_url_is_that_of_the_related_default_ingress(charm_endpoints: tuple[Endpoint, ...], url: str | None) -> None:
    assert public_url(*charm_endpoints) == url


@pytest.mark.parametrize("order", [1, -1], ids=["ingress-last", "ingress-first"])
def test_other_integrations_know_the_ingress_s_url(order: int) -> None:
    charm_endpoints = [related("oidc", "oauth"), ingress("https://example.com/shop")][::order]

    requests = endpoints.requests(tuple(read(*charm_endpoints).values()))

    assert requests["oidc"]["redirect_uri"] == "https://example.com/shop/callback"


def test_without_ingress_the_url_is_that_inside_the_cluster() -> None:
    assert read(related("oidc", "oauth"))["oidc"].request["redirect_uri"] == f"{CLUSTER_URL}/callback"


def requested(endpoint: Endpoint, **written: str) -> Endpoint:
    assert endpoint.relation
    return dataclasses.replace(endpoint, relation=dataclasses.replace(endpoint.relation, request=written))


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param(unrelated("rabbitmq", "rabbitmq"), id="not-related"),
        pytest.param(related("redis", "redis"), id="an-interface-without-request"),
        pytest.param(ingress(), id="a-charm-library-writes-it"),
        pytest.param(requested(postgresql(), database="shop"), id="a-charm-library-has-written-it"),
    ],
)
def test_nothing_is_requested(endpoint: Endpoint) -> None:
    assert endpoints.requests(tuple(read(endpoint).values())) == {}


def test_a_request_needs_no_answer() -> None:
    read_endpoints = tuple(read(related("rabbitmq", "rabbitmq")).values())

    assert endpoints.requests(read_endpoints) == {"rabbitmq": {"username": "shop", "vhost": "/"}}


def test_only_ready_endpoints_add_variables_files_and_databases() -> None:
    ready = related("s3", "s3", {"access-key": "a", "secret-key": "s", "bucket": "b", "tls-ca-chain": CHAIN})
    read_endpoints = tuple(read(ready, postgresql(), related("redis", "redis"), unrelated("smtp", "smtp")).values())

    sources = {variable.source for group in endpoints.variables(read_endpoints) for variable in group}

    assert sources == {"integration s3", "integration postgresql"}
    assert [file.path for file in endpoints.files(read_endpoints)] == ["/state/s3/ca.pem"]
    assert endpoints.databases(read_endpoints) == ["postgresql:7:d"]


def test_two_endpoints_of_one_database_server_are_two_databases() -> None:
    read_endpoints = tuple(read(postgresql("orders"), postgresql("users")).values())

    assert len(set(endpoints.databases(read_endpoints))) == 2


def test_an_optional_endpoint_without_data_is_not_a_problem() -> None:
    charm_endpoints = (unrelated("redis", "redis", optional=True), related("smtp", "smtp", optional=True))

    assert endpoints.problems(builders.IDENTITY, tuple(read(*charm_endpoints).values())) == []


def test_an_integration_of_the_charm_replaces_the_built_in_one() -> None:
    own = dataclasses.replace(QUEUE, interface="redis")

    reading = read(related("redis", "redis", QUEUE_DATA), known=builders.known(own))["redis"].reading

    assert isinstance(reading, Ready)
    assert {variable.name for variable in reading.variables} == {"REDIS_URL", "REDIS_TOKEN"}


def test_the_traceback_of_the_charm_s_own_integration_has_no_secret() -> None:
    def env(data: builders.QueueData, _: Context) -> dict[str, str]:
        raise RuntimeError(data.token.get_secret_value())

    read_endpoints = read(
        related("queue", "queue", QUEUE_DATA), known=builders.known(dataclasses.replace(QUEUE, env=env))
    )

    (text,) = endpoints.tracebacks(tuple(read_endpoints.values()))
    assert text.startswith("the charm's own integration queue failed:\nTraceback")
    assert "RuntimeError: ***" in text
    assert QUEUE_DATA["token"] not in text


def test_a_request_of_the_charm_is_published() -> None:
    def request(context: Context) -> StrMap:
        return {"queue": context.identity.app}

    known = builders.known(dataclasses.replace(QUEUE, request=request))
    read_endpoints = tuple(read(related("queue", "queue"), known=known).values())

    assert endpoints.requests(read_endpoints) == {"queue": {"queue": "shop"}}


def test_a_request_of_the_charm_that_is_not_text_is_invalid() -> None:
    def request(_: Context) -> typing.Any:
        return {"port": 5672}

    known = builders.known(dataclasses.replace(QUEUE, request=request))

    reading = read(related("queue", "queue", QUEUE_DATA), known=known)["queue"].reading

    assert isinstance(reading, Invalid)
    assert reading.reason == (
        "the charm's own integration queue failed: TypeError: expected str, not int "
        "(the traceback is in juju debug-log)"
    )


def test_short_texts_of_the_remote_side_are_not_masked() -> None:
    def parse(*_: object) -> typing.NoReturn:
        raise RuntimeError("port 80 of host abcd")

    known = builders.known(dataclasses.replace(QUEUE, parse=parse))

    reading = read(related("queue", "queue", {"port": "80", "host": "abcd"}), known=known)["queue"].reading

    assert isinstance(reading, Invalid)
    assert "RuntimeError: port 80 of host *** " in reading.reason


def test_options_reach_the_integrations() -> None:
    scopes = builders.option("oidc-scopes", "openid groups")

    assert read(related("oidc", "oauth"), options=(scopes,))["oidc"].request["scope"] == "openid groups"


def test_the_application_s_prefix_reaches_the_integrations() -> None:
    facts = facts_of(FLASK, related("oidc", "oauth"))

    (read_endpoint,) = endpoints.read(FLASK, facts, BUILT_IN, CLUSTER_URL)

    assert read_endpoint.context.app_env_prefix == "FLASK_"
