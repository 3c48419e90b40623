"""The built-in ingress, with a URL and a route for each application."""

import dataclasses
import json
from pathlib import Path
from typing import Any

import ops
import providers
import pytest
import yaml
from ops import testing

pytestmark = pytest.mark.usefixtures("answering")
PEER = {"host": '"web-0.web-endpoints.demo.svc.cluster.local"', "ip": '"10.152.0.7"'}
REQUEST = {"model": '"demo"', "name": '"web"', "port": "8000", "strip-prefix": "true"}


@pytest.fixture
def context() -> testing.Context[ops.CharmBase]:
    return providers.context("traefik-k8s")


def client(number: int = 7, **more: Any) -> testing.Relation:
    databags: dict[str, Any] = {
        "remote_app_name": "web",
        "remote_app_data": REQUEST,
        "remote_units_data": {0: PEER},
        **more,
    }
    return testing.Relation("ingress", interface="ingress", id=number, **databags)


def state(*relations: testing.Relation, **more: Any) -> testing.State:
    model = testing.Model("demo", type="kubernetes", uuid="0b4b31de-51f4-4d2b-8e7f-9d1cf4a9ba51")
    return providers.state(testing.Container("traefik", can_connect=True), *relations, model=model, **more)


def url(after: testing.State, number: int = 7) -> str | None:
    databag = after.get_relation(number).local_app_data
    return json.loads(databag["ingress"])["url"] if "ingress" in databag else None


def prefixes(after: testing.State, context: testing.Context[ops.CharmBase]) -> list[str]:
    """Return the paths in the configuration of the proxy."""
    file = after.get_container("traefik").get_filesystem(context) / "var/lib/caddy/caddy.json"
    routes = json.loads(file.read_text())["apps"]["http"]["servers"]["ingress"]["routes"]
    return [route["match"][0]["path"][0] for route in routes if "match" in route]


def test_an_application_gets_a_url(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.relation_changed(client()), state(client()))

    port, https_port = sorted(port.port for port in after.opened_ports if port.port)
    assert port in range(30000, 32000)
    assert https_port in range(32000, 32768)
    assert url(after) == f"http://traefik-k8s.demo.localhost:{port}/demo-web"
    assert prefixes(after, context) == ["/demo-web"]
    assert after.unit_status == testing.ActiveStatus()


def test_an_application_without_a_request_gets_no_url(context: testing.Context[ops.CharmBase]):
    relation = client(remote_app_data={})

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert url(after) is None
    assert prefixes(after, context) == []


def test_an_option_sets_the_host(context: testing.Context[ops.CharmBase]):
    state_in = state(client(), config={"external_hostname": "notes.example.com"})

    after = context.run(context.on.config_changed(), state_in)

    assert url(after) == "http://notes.example.com/demo-web"


def test_an_option_gives_each_application_a_subdomain(context: testing.Context[ops.CharmBase]):
    config: dict[str, Any] = {"external_hostname": "example.com:8080", "routing_mode": "subdomain"}

    after = context.run(context.on.config_changed(), state(client(), config=config))

    file = after.get_container("traefik").get_filesystem(context) / "var/lib/caddy/caddy.json"
    apps = json.loads(file.read_text())["apps"]
    route = apps["http"]["servers"]["ingress"]["routes"][0]
    assert url(after) == "http://demo-web.example.com:8080/"
    assert route["match"] == [{"host": ["demo-web.example.com"]}]
    assert [handler["handler"] for handler in route["handle"]] == ["reverse_proxy"]
    assert apps["tls"]["certificates"] == {"automate": ["example.com", "demo-web.example.com"]}


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"routing_mode": "magic"}, "invalid option routing_mode (must be path or subdomain)"),
        ({"routing_mode": "subdomain"}, "option routing_mode=subdomain needs the option external_hostname"),
    ],
)
def test_a_routing_mode_that_cannot_be_removes_the_url(
    config: dict[str, Any], reason: str, context: testing.Context[ops.CharmBase]
):
    before = context.run(context.on.config_changed(), state(client()))

    after = context.run(context.on.config_changed(), dataclasses.replace(before, config=config))

    assert after.unit_status == testing.BlockedStatus(reason)
    assert url(after) is None


def test_an_option_changes_the_urls_to_https(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.config_changed(), state(client(), config={"https": True}))

    https_port = max(port.port for port in after.opened_ports if port.port)
    assert url(after) == f"https://traefik-k8s.demo.localhost:{https_port}/demo-web"


def test_an_action_shows_the_certificate_of_the_ca(context: testing.Context[ops.CharmBase], tmp_path: Path):
    certificate = tmp_path / "pki/authorities/local/root.crt"
    certificate.parent.mkdir(parents=True)
    certificate.write_text("PEM")
    mounts = {"data": testing.Mount(location="/var/lib/caddy", source=tmp_path)}
    proxy = testing.Container("traefik", can_connect=True, mounts=mounts)

    context.run(context.on.action("get-ca-certificate"), providers.state(proxy))

    assert context.action_results == {"ca-certificate": "PEM"}


def test_the_action_fails_until_there_is_a_ca(context: testing.Context[ops.CharmBase]):
    with pytest.raises(testing.ActionFailed, match="the proxy has no CA yet"):
        context.run(context.on.action("get-ca-certificate"), state())


def test_an_invalid_host_removes_the_url(context: testing.Context[ops.CharmBase]):
    before = context.run(context.on.config_changed(), state(client()))
    state_in = dataclasses.replace(before, config={"external_hostname": "http://x"})

    after = context.run(context.on.config_changed(), state_in)

    words = "invalid option external_hostname (must be a host, or host:port)"
    assert after.unit_status == testing.BlockedStatus(words)
    assert url(after) is None


def test_an_invalid_request_blocks_and_other_clients_get_a_url(context: testing.Context[ops.CharmBase]):
    invalid = client(8, remote_app_name="bad", remote_app_data={**REQUEST, "name": '"bad"', "port": "many"})

    after = context.run(context.on.relation_changed(invalid), state(client(), invalid))

    assert after.unit_status == testing.BlockedStatus("invalid ingress relation data from bad: port (must be JSON)")
    assert (url(after, 7) is None, url(after, 8)) == (False, None)
    assert prefixes(after, context) == ["/demo-web"]


def test_a_prefix_belongs_to_the_oldest_relation(context: testing.Context[ops.CharmBase]):
    second = client(8, remote_app_name="other")

    after = context.run(context.on.relation_changed(second), state(client(), second))

    assert after.unit_status == testing.BlockedStatus("other asks for /demo-web, which web has already")
    assert (url(after, 7) is None, url(after, 8)) == (False, None)


def test_the_route_of_a_removed_relation_is_removed(context: testing.Context[ops.CharmBase]):
    before = context.run(context.on.relation_changed(client()), state(client()))

    after = context.run(context.on.relation_broken(before.get_relation(7)), before)

    assert prefixes(after, context) == []


def test_an_event_that_changes_nothing_changes_nothing(
    context: testing.Context[ops.CharmBase], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    kept = testing.Container(
        "traefik", can_connect=True, mounts={"etc": testing.Mount(location="/var/lib/caddy", source=tmp_path)}
    )
    before = context.run(context.on.update_status(), dataclasses.replace(state(client()), containers={kept}))
    written = (tmp_path / "caddy.json").stat().st_mtime_ns
    restarted: list[str] = []
    monkeypatch.setattr(ops.Container, "restart", lambda _, *names: restarted.extend(names))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]

    after = context.run(context.on.update_status(), before)

    assert (after.relations, after.containers) == (before.relations, before.containers)
    assert (tmp_path / "caddy.json").stat().st_mtime_ns == written
    assert not restarted


def test_an_action_shows_the_urls(context: testing.Context[ops.CharmBase]):
    state_in = state(client(), config={"external_hostname": "notes.example.com"})

    context.run(context.on.action("show-proxied-endpoints"), state_in)

    shown = json.loads((context.action_results or {})["proxied-endpoints"])
    assert shown == {
        "traefik-k8s": {"url": "http://notes.example.com"},
        "web": {"url": "http://notes.example.com/demo-web"},
    }


def test_the_external_endpoints_are_the_same(context: testing.Context[ops.CharmBase]):
    state_in = state(client(), config={"external_hostname": "notes.example.com"})

    context.run(context.on.action("show-external-endpoints"), state_in)

    shown = json.loads((context.action_results or {})["external-endpoints"])
    assert shown["web"] == {"url": "http://notes.example.com/demo-web"}


def test_an_action_fails_on_an_invalid_host(context: testing.Context[ops.CharmBase]):
    with pytest.raises(testing.ActionFailed, match="invalid option external_hostname"):
        context.run(context.on.action("show-proxied-endpoints"), state(config={"external_hostname": "a b"}))


def asking(name: str, number: int = 3, **more: Any) -> testing.Relation:
    """Return the relation of units that ask for a route each."""
    databag = {"model": "demo", "port": "3100", "mode": "http", "scheme": "http", "strip-prefix": "true"}
    units = {n: {**databag, "name": f"{name}/{n}", "host": f"{name}-{n}.local"} for n in (0, 1)}
    fields: dict[str, Any] = {"remote_app_name": name, "remote_units_data": units, **more}
    return testing.Relation("ingress-per-unit", interface="ingress_per_unit", id=number, **fields)


HOST = {"external_hostname": "notes.example.com"}


def test_each_unit_gets_a_url(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.relation_changed(asking("loki")), state(asking("loki"), client(), config=HOST))

    assert yaml.safe_load(after.get_relation(3).local_app_data["ingress"]) == {
        "loki/0": {"url": "http://notes.example.com/demo-loki-0"},
        "loki/1": {"url": "http://notes.example.com/demo-loki-1"},
    }
    assert sorted(prefixes(after, context)) == ["/demo-loki-0", "/demo-loki-1", "/demo-web"]
    context.run(context.on.action("show-proxied-endpoints"), after)
    shown = json.loads((context.action_results or {})["proxied-endpoints"])
    assert shown["loki/1"] == {"url": "http://notes.example.com/demo-loki-1"}


def test_each_unit_gets_a_subdomain(context: testing.Context[ops.CharmBase]):
    config: dict[str, Any] = {**HOST, "routing_mode": "subdomain"}

    after = context.run(context.on.relation_changed(asking("loki")), state(asking("loki"), config=config))

    urls = yaml.safe_load(after.get_relation(3).local_app_data["ingress"])
    assert urls["loki/0"] == {"url": "http://demo-loki-0.notes.example.com/"}


def test_units_that_ask_for_nothing_yet_get_no_url(context: testing.Context[ops.CharmBase]):
    relation = asking("loki", remote_units_data={0: {}})

    after = context.run(context.on.relation_changed(relation), state(relation))

    assert not after.get_relation(3).local_app_data
    assert after.unit_status == testing.ActiveStatus()


def test_a_request_for_tcp_blocks_and_is_named(context: testing.Context[ops.CharmBase]):
    relation = asking("kafka", remote_units_data={0: {"name": "kafka/0", "mode": "tcp"}})

    after = context.run(context.on.relation_changed(relation), state(relation, client()))

    assert after.unit_status == testing.BlockedStatus(
        "invalid ingress-per-unit relation data from kafka: mode (only http is supported)"
    )
    assert url(after) is not None


def routing(**route: Any) -> testing.Relation:
    config = {
        "http": {
            "routers": {"g": {"rule": "PathPrefix(`/demo-grafana`)", "service": "g", **route}},
            "services": {"g": {"loadBalancer": {"servers": [{"url": "http://grafana.local:3000"}]}}},
        }
    }
    return testing.Relation(
        "traefik-route",
        interface="traefik_route",
        id=5,
        remote_app_name="grafana",
        remote_app_data={"config": yaml.safe_dump(config)},
    )


def test_an_application_chooses_its_route_itself(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.relation_changed(routing()), state(routing(), config=HOST))

    assert after.get_relation(5).local_app_data == {"external_host": "notes.example.com", "scheme": "http"}
    assert prefixes(after, context) == ["/demo-grafana"]


def test_a_route_that_the_proxy_cannot_have_blocks(context: testing.Context[ops.CharmBase]):
    relation = routing(rule="Method(`GET`)")

    after = context.run(context.on.relation_changed(relation), state(relation, client()))

    assert after.unit_status == testing.BlockedStatus(
        "invalid traefik-route relation data from grafana: config.http.routers.g.rule "
        "(only Host and PathPrefix, with && and ||, are supported)"
    )
    assert not after.get_relation(5).local_app_data
    assert prefixes(after, context) == ["/demo-web"]
