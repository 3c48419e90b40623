"""Property tests of built-in providers: an invalid request ends in a status, and other clients are served."""

import base64
import copy
import dataclasses
import json
import lzma
import typing

import hypothesis
import ops
import providers
import pytest
import yaml
from hypothesis import strategies as some
from ops import testing
from test_any_bytes import changed_value, is_reported

DASHBOARD = base64.b64encode(lzma.compress(b'{"uid": "abc", "title": "Overview"}')).decode()
REQUEST = {"request-id": "0123456789abcdef", "resource": "*", "salt": "salt"}
PROXY = {"requirer": "7c9ed8a6-1f0e-4a56-9a6b-0f4f4f0c9d11", "domains": ["example.com:443"], "auth": ["userpass"]}
JOBS = [{"metrics_path": "/metrics", "static_configs": [{"targets": ["*:9102"], "labels": {"a": "b"}}]}]
RULES = {"groups": [{"name": "g", "rules": [{"alert": "Down", "expr": "up == 0", "for": "1m"}]}]}

SOURCE = {"model": "demo", "model_uuid": "c0ffee00", "application": "prometheus", "type": "prometheus"}
ROUTE = {
    "http": {
        "routers": {"web": {"rule": "PathPrefix(`/web`)", "service": "web", "middlewares": ["strip"]}},
        "middlewares": {"strip": {"stripPrefix": {"prefixes": ["/web"]}}},
        "services": {"web": {"loadBalancer": {"servers": [{"url": "http://web-0.local:8000"}]}}},
    }
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Client:
    """The request of a client, one value of which is changed."""

    provider: str
    endpoint: str = ""
    """Empty if the provider has only one."""
    app: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    unit: dict[str, str] = dataclasses.field(default_factory=dict[str, str])


CLIENTS = (
    Client(
        provider="traefik-k8s",
        app={"model": '"demo"', "name": '"web"', "port": "8000", "strip-prefix": "true", "scheme": '"http"'},
        unit={"host": '"web-0"', "ip": '"10.1.2.30"'},
    ),
    Client(
        provider="traefik-k8s",
        endpoint="ingress-per-unit",
        unit={
            "model": "demo",
            "name": "web/0",
            "host": "web-0.local",
            "port": "8000",
            "mode": "http",
            "scheme": "http",
            "strip-prefix": "true",
        },
    ),
    Client(provider="traefik-k8s", endpoint="traefik-route", app={"config": yaml.safe_dump(ROUTE)}),
    Client(
        provider="squid-forward-proxy",
        app={"requests": json.dumps([PROXY])},
        unit={"private-address": "10.1.2.30"},
    ),
    Client(provider="valkey", app={"version": "v1", "requests": json.dumps([REQUEST])}),
    Client(
        provider="hydra",
        app={
            "redirect_uri": "https://web.test/callback",
            "scope": "openid profile email",
            "grant_types": '["authorization_code"]',
        },
    ),
    Client(
        provider="prometheus-k8s",
        endpoint="metrics-endpoint",
        app={
            "scrape_jobs": json.dumps(JOBS),
            "scrape_metadata": '{"model": "demo", "application": "web"}',
            "alert_rules": json.dumps(RULES),
        },
        unit={"prometheus_scrape_unit_address": "10.1.2.30", "prometheus_scrape_unit_name": "web/0"},
    ),
    Client(
        provider="grafana-k8s",
        endpoint="grafana-source",
        app={"grafana_source_data": json.dumps(SOURCE), "grafana_source_app_host": "http://prometheus:9090"},
        unit={"grafana_source_host": "http://prometheus-0:9090"},
    ),
    Client(
        provider="grafana-k8s",
        endpoint="grafana-dashboard",
        app={"dashboards": json.dumps({"templates": {"one": {"content": DASHBOARD}}, "uuid": "1"})},
    ),
    Client(provider="tempo-coordinator-k8s", app={"receivers": '["otlp_http"]'}),
    Client(provider="loki-k8s", app={"alert_rules": json.dumps(RULES), "metadata": '{"model": "demo"}'}),
)


@pytest.fixture
def client(request: pytest.FixtureRequest, answering: list[bool]) -> Client:
    return request.param


@pytest.fixture
def context(client: Client) -> testing.Context[ops.CharmBase]:
    return providers.context(client.provider)


@pytest.mark.parametrize(
    "client", [pytest.param(each, id=f"{each.provider} {each.endpoint}".strip()) for each in CLIENTS], indirect=True
)
@hypothesis.given(data=some.data())
def test_invalid_requests_end_in_a_status(
    client: Client, context: testing.Context[ops.CharmBase], data: some.DataObject
) -> None:
    request = copy.deepcopy(client)
    databag = data.draw(some.sampled_from([each for each in (request.app, request.unit) if each]))
    key = data.draw(some.sampled_from(sorted(databag)))
    databag[key] = data.draw(changed_value(databag[key]))
    good, odd = (relation(each, number) for number, each in ((7, client), (8, request)))

    after = context.run(context.on.relation_changed(odd, remote_unit=0), state(client, good, odd))
    alone = context.run(context.on.relation_changed(good, remote_unit=0), state(client, good))

    assert is_reported(after)
    assert response(after).keys() == response(alone).keys()


def response(after: testing.State) -> dict[str, str]:
    """Return the data for the client with a valid request."""
    related = after.get_relation(7)
    return {**related.local_app_data, **typing.cast("testing.Relation", related).local_unit_data}


def relation(client: Client, number: int) -> testing.Relation:
    meta = providers.metadata(client.provider)
    interfaces = {
        name: each["interface"] for key in ("provides", "requires") for name, each in meta.get(key, {}).items()
    }
    endpoint = client.endpoint or next(iter(interfaces))
    return testing.Relation(
        endpoint,
        interface=interfaces[endpoint],
        id=number,
        remote_app_name="web" if number == 7 else "odd",
        remote_app_data=client.app,
        remote_units_data={0: client.unit},
    )


def state(client: Client, *relations: testing.Relation) -> testing.State:
    (name,) = providers.metadata(client.provider)["containers"]
    container = testing.Container(name, can_connect=True, execs={testing.Exec([])})
    return providers.state(container, *relations)
