"""Tests of what an event costs under Juju's own protocol: hook tools, requests to Pebble and imported modules.

The charm runs as under Juju: a process for each event, hook tools as processes, and a Pebble behind a socket.
``make bench`` measures times in the same way.
"""

import collections.abc
import json
import pathlib
import sys
import typing

import pytest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts/bench"))

import charm_folders  # noqa: E402
import client  # noqa: E402

SERVER = """
import socket, sys
if "--check-config" not in sys.argv:
    server = socket.create_server(("localhost", 8000))
    while True:
        server.accept()[0].close()
"""
"""A stand-in for Gunicorn, which only accepts connections."""
EVERY = {"_certificates", "_database", "_integration", "ingress", "mongodb", "postgresql", "rabbitmq", "s3", "tracing"}
"""The integrations that the charm declares, and their common parts."""
HOT = {
    "paas_common",
    "paas_common.charm",
    "paas_common.juju",
    "paas_common.juju.record",
    "paas_common.lazy",
    "paas_flask",
    "paas_flask.charm",
}


class Cost(typing.NamedTuple):
    """The calls of one event or of several."""

    tools: int
    requests: int


@pytest.fixture(scope="module")
def deployment(
    tmp_path_factory: pytest.TempPathFactory,
) -> collections.abc.Iterator[tuple[client.Unit, list[typing.Any]]]:
    """Return a unit with eight integrations, and the events of its deployment."""
    with unit_of(tmp_path_factory, charm_folders.charmcraft(), charm_folders.INTEGRATIONS) as unit:
        yield unit, unit.call("settle")


def unit_of(
    tmp_path_factory: pytest.TempPathFactory,
    metadata: dict[str, typing.Any],
    integrations: collections.abc.Sequence[typing.Any],
    **spec: typing.Any,
) -> client.Unit:
    """Start a unit; nothing is deployed yet."""
    folder = tmp_path_factory.mktemp("unit")
    server = folder / "workload/gunicorn"
    server.mkdir(parents=True)
    (server / "__init__.py").touch()
    (server / "__main__.py").write_text(SERVER)
    return client.Unit(
        folder,
        python=sys.executable,
        charm=str(charm_folders.create(folder, charm_folders.OURS, metadata)),
        workload_python=sys.executable,
        workload_path=str(server.parent),
        application="",
        integrations=integrations,
        **spec,
    )


def cost(*events: typing.Any) -> Cost:
    return Cost(
        tools=sum(sum(event["tools"].values()) for event in events),
        requests=sum(sum(event["requests"].values()) for event in events),
    )


def exceeds(measured: Cost, bound: Cost) -> tuple[str, ...]:
    """Return the names of the counts that are larger than their bounds."""
    return tuple(name for name in Cost._fields if getattr(measured, name) > getattr(bound, name))


def test_the_deployment(deployment: tuple[client.Unit, list[typing.Any]]) -> None:
    _, events = deployment

    assert events[-1]["status"] == "active: "
    assert len(events) == 36
    assert exceeds(cost(*events), Cost(tools=459, requests=148)) == ()


def test_the_install_hook(deployment: tuple[client.Unit, list[typing.Any]]) -> None:
    _, events = deployment

    assert events[0]["event"] == "install"
    assert events[0]["status"] == "waiting: Waiting for peer integration"
    assert exceeds(cost(events[0]), Cost(tools=7, requests=0)) == ()


def test_a_new_integration_costs_the_same_however_many_there_are(
    deployment: tuple[client.Unit, list[typing.Any]],
) -> None:
    _, events = deployment

    created = [event for event in events if event["event"].endswith("-relation-created")][1:]

    assert len(created) == 8
    assert all(exceeds(cost(event), Cost(tools=21, requests=3)) == () for event in created)


def test_an_event_that_brings_nothing_new(deployment: tuple[client.Unit, list[typing.Any]]) -> None:
    unit, _ = deployment

    for words in (["update-status"], ["config-changed"]):
        event = unit.call("run", *words)
        assert event["tools"] == {"juju-log": 2, "is-leader": 1, "config-get": 1, "status-get": 1}, words
        assert cost(event).requests == 3, words


def test_an_unchanged_databag(deployment: tuple[client.Unit, list[typing.Any]]) -> None:
    unit, _ = deployment

    event = unit.call("run", "relation-changed", "postgresql")

    assert exceeds(cost(event), Cost(tools=9, requests=3)) == ()
    assert "relation-set" not in event["tools"]


def test_a_complete_pass_that_changes_nothing(deployment: tuple[client.Unit, list[typing.Any]]) -> None:
    unit, _ = deployment

    event = unit.call("run", "upgrade-charm")

    assert exceeds(cost(event), Cost(tools=48, requests=5)) == ()
    assert "relation-set" not in event["tools"]
    assert "status-set" not in event["tools"]


def test_the_modules_of_an_event_that_brings_nothing_new(deployment: tuple[client.Unit, list[typing.Any]]) -> None:
    unit, _ = deployment
    unit.call("run", "update-status")

    loaded = unit.call("modules", "update-status")["modules"]

    assert "ops" in loaded
    assert {name for name in loaded if name.startswith("paas")} == HOT
    assert not any(name.startswith(("pydantic", "charms")) for name in loaded)


def test_the_modules_of_a_complete_pass(deployment: tuple[client.Unit, list[typing.Any]]) -> None:
    unit, _ = deployment

    loaded = set(unit.call("modules", "upgrade-charm")["modules"])

    integrations = {name.rpartition(".")[2] for name in loaded if name.startswith("paas_common.integrations.")}
    assert integrations == EVERY
    assert "pydantic" in loaded


def test_a_changed_option(deployment: tuple[client.Unit, list[typing.Any]]) -> None:
    unit, _ = deployment
    unit.call("configure", "greeting", json.dumps("another"))

    event = unit.call("run", "config-changed")

    assert event["status"] == "active: "
    assert exceeds(cost(event), Cost(tools=50, requests=22)) == ()


class Size(typing.NamedTuple):
    """The numbers that grow."""

    relations: int
    options: int
    kilobytes: int
    peers: int


def growth(tmp_path_factory: pytest.TempPathFactory, size: Size) -> tuple[Cost, Cost, Cost]:
    """Return the cost of a complete pass without a change, and of two events without news: no unit's, and a peer's."""
    redis = [charm_folders.redis(number) for number in range(size.relations)]
    metadata = charm_folders.charmcraft(options=size.options, further=size.relations)
    with unit_of(tmp_path_factory, metadata, redis, peers=size.peers) as unit:
        unit.call("skip")
        unit.call("pad", "redis-r0", str(1000 * size.kilobytes))
        unit.call("run", "config-changed")
        complete = cost(unit.call("run", "upgrade-charm"))
        unit.call("run", "update-status")
        peer = cost(unit.call("run", "relation-changed", "secret-storage", "flask-k8s/1"))
        return complete, cost(unit.call("run", "update-status")), peer


def test_hook_tools_grow_with_relations_and_peers_only(tmp_path_factory: pytest.TempPathFactory) -> None:
    small, large = (
        Size(relations=1, options=1, kilobytes=1, peers=1),
        Size(relations=8, options=200, kilobytes=100, peers=8),
    )

    complete, unchanged, of_peer = growth(tmp_path_factory, small)
    complete_of_large, *short_of_large = growth(tmp_path_factory, large)

    per_relation, per_peer = 4, 1
    bound = complete.tools + per_relation * (large.relations - 1) + per_peer * (large.peers - 1)
    assert exceeds(complete_of_large, Cost(tools=bound, requests=complete.requests)) == ()
    assert short_of_large == [unchanged, of_peer] == [Cost(tools=6, requests=3), Cost(tools=10, requests=3)]
