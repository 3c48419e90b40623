"""Routes in the form of Traefik's configuration."""

import copy
from typing import Any

import pytest
import yaml
from paas_local.providers.traefik_k8s.charm.src import traefik_routes
from paas_local.providers.traefik_k8s.charm.src.traefik_routes import InvalidError, Router

CONFIG: dict[str, Any] = {
    "http": {
        "routers": {
            "web": {
                "entryPoints": ["web"],
                "rule": "PathPrefix(`/demo-web`)",
                "service": "web",
                "middlewares": ["a", "b"],
            }
        },
        "middlewares": {
            "a": {"stripPrefix": {"prefixes": ["/demo-web"], "forceSlash": False}},
            "b": {"redirectScheme": {"scheme": "https", "port": 443, "permanent": True}},
        },
        "services": {"web": {"loadBalancer": {"servers": [{"url": "http://b:3000"}, {"url": "http://a:3000"}]}}},
    }
}


def changed(path: str, value: object) -> dict[str, str]:
    """Return an application databag with another value in the configuration."""
    config = copy.deepcopy(CONFIG)
    *folders, last = path.split(".")
    place = config
    for name in folders:
        place = place[name]
    place[last] = value
    return {"config": yaml.safe_dump(config)}


def read(databag: dict[str, str]) -> tuple[Router, ...]:
    return traefik_routes.read(databag) or ()


def test_reads_a_router_with_its_service_and_middlewares():
    assert read({"config": yaml.safe_dump(CONFIG), "raw": "False"}) == (
        Router(domain="", prefix="/demo-web", port=3000, strip=True, hosts=("a", "b")),
    )


def test_an_application_without_a_configuration_has_no_routes():
    assert traefik_routes.read({}) is None


@pytest.mark.parametrize(
    ("rule", "requests"),
    [
        ("PathPrefix(`/a`, `/b`)", [("", "/a"), ("", "/b")]),
        ("Host(`a.test`) && PathPrefix(`/x/`)", [("a.test", "/x")]),
        ("Host(`a.test`) || PathPrefix(`/x`)", [("a.test", ""), ("", "/x")]),
        ("PathPrefix(`/`)", [("", "")]),
    ],
)
def test_reads_a_rule(rule: str, requests: list[tuple[str, str]]):
    assert [(router.domain, router.prefix) for router in read(changed("http.routers.web.rule", rule))] == requests


@pytest.mark.parametrize(
    ("databag", "words"),
    [
        ({"config": "a: b: c"}, "config (must be YAML)"),
        ({"config": "2026-13-45"}, "config (must be YAML)"),
        ({"config": "[]"}, "config (must be a mapping)"),
        (
            {"config": "http: {}", "static": "entryPoints: {}"},
            "static (is not supported; the proxy has no ports but its own)",
        ),
        ({"config": "tcp: {}"}, "config.tcp (only http is supported)"),
        ({"config": "http: {}"}, "config.http.routers (must be a mapping)"),
        (
            changed("http.routers.web.rule", "ClientIP(`0.0.0.0/0`)"),
            "config.http.routers.web.rule (only Host and PathPrefix, with && and ||, are supported)",
        ),
        (changed("http.routers.web.rule", "Host(`*`)"), "config.http.routers.web.rule (must have hosts and paths)"),
        (changed("http.routers.web.service", "none"), "config.http.services.none (must be a mapping)"),
        (changed("http.routers.web.middlewares", "a"), "config.http.routers.web.middlewares (must be a list)"),
        (
            changed("http.middlewares.a", {"forwardAuth": {}}),
            "config.http.middlewares.a.forwardAuth (only stripPrefix and redirectScheme are supported)",
        ),
        (
            changed("http.services.web.loadBalancer.servers", [{"url": "https://a"}]),
            "config.http.services.web.loadBalancer.servers (must have http URLs with one port)",
        ),
        (
            changed("http.services.web.loadBalancer.servers", [{"url": "http://a:1"}, {"url": "http://b:2"}]),
            "config.http.services.web.loadBalancer.servers (must have http URLs with one port)",
        ),
        (
            changed("http.services.web.loadBalancer.servers", [{"url": "http://[a"}]),
            "config.http.services.web.loadBalancer.servers (must have http URLs with one port)",
        ),
    ],
)
def test_an_invalid_or_unknown_value_is_an_error_with_its_key(databag: dict[str, str], words: str):
    with pytest.raises(InvalidError) as caught:
        read(databag)

    assert str(caught.value) == words
