"""Routes in relation data, and the configuration of the proxy."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from paas_local.providers.traefik_k8s.charm.src import routes
from paas_local.providers.traefik_k8s.charm.src.routes import InvalidError, Route

APP = {"model": '"test-model"', "name": '"flask-k8s"', "port": "8000", "strip-prefix": "true"}
UNIT = {"host": '"flask-k8s-0.flask-k8s-endpoints.test-model.svc.cluster.local"', "ip": '"10.1.2.30"'}


def configuration(listed: Iterable[Route], port: int) -> str:
    return routes.configuration(listed, (port, 80), https_ports=(32000, 443), name="traefik-k8s.demo.localhost")


def test_https_has_the_same_routes_and_a_certificate_of_caddys_own_ca():
    document = json.loads(configuration([Route(prefix="/demo-web", port=8000)], 30000))

    servers = document["apps"]["http"]["servers"]
    assert servers["https"]["listen"] == [":32000", ":443"]
    assert servers["https"]["routes"] == servers["ingress"]["routes"]
    assert document["apps"]["tls"]["automation"]["policies"] == [
        {"subjects": ["traefik-k8s.demo.localhost"], "issuers": [{"module": "internal"}]}
    ]
    assert document["storage"]["root"] == "/var/lib/caddy"


def test_reads_what_the_library_writes():
    route = routes.read(APP, [UNIT, {}])

    assert route == Route(prefix="/test-model-flask-k8s", port=8000, strip=True, hosts=("10.1.2.30",))


def test_a_unit_without_an_ip_has_its_host_name():
    route = routes.read(APP, [{"host": '"web-0.local"'}])

    assert route
    assert route.hosts == ("web-0.local",)


def test_keeps_the_prefix_by_default():
    route = routes.read({key: value for key, value in APP.items() if key != "strip-prefix"}, [UNIT])

    assert route
    assert not route.strip


def test_an_empty_databag_has_no_route():
    assert routes.read({}, [UNIT]) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"port": "0"}, "port (must be from 1 to 65535)"),
        ({"port": "true"}, "port (must be from 1 to 65535)"),
        ({"port": "x"}, "port (must be JSON)"),
        ({"name": '"../admin"'}, "name (must be a name)"),
        ({"model": "7"}, "model (must be a name)"),
        ({"model": ""}, "model (must be JSON)"),
        ({"scheme": '"https"'}, "scheme (only http is supported)"),
    ],
)
def test_an_invalid_value_is_an_error_with_its_key(changes: dict[str, str], words: str):
    with pytest.raises(InvalidError) as caught:
        routes.read({**APP, **changes}, [UNIT])

    assert str(caught.value) == words


def test_an_invalid_unit_address_is_an_error_with_its_key():
    with pytest.raises(InvalidError, match=r"ip \(must be an address\)"):
        routes.read(APP, [{**UNIT, "ip": '"10.1.2.30/x"'}])


def handlers(*listed: Route) -> list[Any]:
    document = json.loads(configuration(listed, 30000))
    return document["apps"]["http"]["servers"]["ingress"]["routes"]


def test_other_paths_are_not_found():
    assert handlers() == [{"handle": [{"handler": "static_response", "status_code": 404}]}]


def test_strips_the_prefix_and_sends_it_in_a_header():
    first = handlers(Route(prefix="/demo-web", port=80, strip=True, hosts=("10.0.0.1", "fd00::1")))[0]

    assert first["match"] == [{"path": ["/demo-web", "/demo-web/*"]}]
    strip, proxy = first["handle"]
    assert strip == {"handler": "rewrite", "strip_path_prefix": "/demo-web"}
    assert proxy["headers"] == {"request": {"set": {"X-Forwarded-Prefix": ["/demo-web"]}}}
    assert proxy["upstreams"] == [{"dial": "10.0.0.1:80"}, {"dial": "[fd00::1]:80"}]


def test_the_order_of_relations_changes_nothing():
    one, two = Route(prefix="/a", port=1), Route(prefix="/b", port=2)

    assert configuration([one, two], 1) == configuration([two, one], 1)


def test_an_application_without_units_is_a_bad_gateway():
    assert handlers(Route(prefix="/a", port=1))[0]["handle"] == [{"handler": "static_response", "status_code": 502}]


OWN = {"model": "test-model", "name": "loki/1", "host": "loki-1.local", "port": "3100", "strip-prefix": "true"}


def test_reads_the_route_of_a_unit():
    assert routes.read_unit({**OWN, "mode": "http", "scheme": "http"}) == (
        "loki/1",
        Route(prefix="/test-model-loki-1", port=3100, strip=True, hosts=("loki-1.local",)),
    )
    assert routes.read_unit({"ingress-address": "10.1.2.3"}) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"port": "many"}, "port (must be from 1 to 65535)"),
        ({"port": "70000"}, "port (must be from 1 to 65535)"),
        ({"name": "loki"}, "name (must be the name of a unit)"),
        ({"model": "../x"}, "model (must be a name)"),
        ({"host": "a b"}, "host (must be an address)"),
        ({"mode": "tcp"}, "mode (only http is supported)"),
        ({"scheme": "https"}, "scheme (only http is supported)"),
    ],
)
def test_an_invalid_value_of_a_unit_is_an_error_with_its_key(changes: dict[str, str], words: str):
    with pytest.raises(InvalidError) as caught:
        routes.read_unit({**OWN, **changes})

    assert str(caught.value) == words


def test_of_two_prefixes_of_a_path_the_longer_one_decides_and_a_host_decides_first():
    listed = [
        Route(prefix="/a", port=1),
        Route(prefix="/a/b", port=2),
        Route(prefix="", domain="b.test", port=3),
        Route(prefix="/c", domain="b.test", port=4),
    ]

    assert [route["match"] for route in handlers(*listed)[:-1]] == [
        [{"host": ["b.test"], "path": ["/c", "/c/*"]}],
        [{"host": ["b.test"]}],
        [{"path": ["/a/b", "/a/b/*"]}],
        [{"path": ["/a", "/a/*"]}],
    ]


def test_the_unit_also_has_the_ports_of_traefik():
    servers = json.loads(configuration([], 30000))["apps"]["http"]["servers"]

    assert {name: server["listen"] for name, server in servers.items()} == {
        "ingress": [":30000", ":80"],
        "https": [":32000", ":443"],
        "metrics": [":8082"],
    }
