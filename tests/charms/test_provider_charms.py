"""The base of all built-in providers, tested with the simplest of them."""

import ops
import providers
import pytest
from ops import testing


@pytest.fixture
def context() -> testing.Context[ops.CharmBase]:
    return providers.context("redis-k8s")


def container(*, can_connect: bool = True) -> testing.Container:
    return testing.Container("redis", can_connect=can_connect)


CLIENT = testing.Relation("redis", interface="redis", id=7, remote_app_name="web")


def test_starts_the_server_and_publishes_its_address(context: testing.Context[ops.CharmBase], answering: list[bool]):
    server = container()

    after = context.run(context.on.pebble_ready(server), providers.state(server, CLIENT))

    assert after.unit_status == testing.ActiveStatus()
    assert after.opened_ports == {testing.TCPPort(6379)}
    assert after.get_container("redis").service_statuses["redis"] is ops.pebble.ServiceStatus.ACTIVE
    assert after.get_relation(7).local_app_data == {"leader-host": "redis-k8s.demo.svc.cluster.local"}
    assert after.get_relation(7).local_unit_data["port"] == "6379"


def test_an_event_that_changes_nothing_changes_nothing(
    context: testing.Context[ops.CharmBase], answering: list[bool], monkeypatch: pytest.MonkeyPatch
):
    before = context.run(context.on.update_status(), providers.state(container(), CLIENT))
    started: list[str] = []

    def restart(_: ops.Container, *names: str) -> None:
        started.extend(names)

    monkeypatch.setattr(ops.Container, "restart", restart)

    after = context.run(context.on.update_status(), before)

    assert not started
    assert after.relations == before.relations
    assert after.containers == before.containers


def test_waits_for_a_server_that_does_not_answer(context: testing.Context[ops.CharmBase], answering: list[bool]):
    answering[:] = [False]

    after = context.run(context.on.update_status(), providers.state(container(), CLIENT))

    assert after.unit_status == testing.WaitingStatus("waiting for the server to answer on port 6379")
    assert not after.get_relation(7).local_app_data


def test_waits_for_the_container(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.start(), providers.state(container(can_connect=False)))

    assert after.unit_status == testing.WaitingStatus("waiting for the container")


def test_other_units_wait_as_replicas_are_not_supported(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.start(), providers.state(container(), leader=False))

    assert after.unit_status == testing.WaitingStatus("replicas are not supported")


def test_an_error_of_pebble_is_in_the_status(
    context: testing.Context[ops.CharmBase], answering: list[bool], monkeypatch: pytest.MonkeyPatch
):
    def refuses(_: ops.Container) -> None:
        raise ops.pebble.ConnectionError("no socket")

    monkeypatch.setattr(ops.Container, "replan", refuses)

    after = context.run(context.on.start(), providers.state(container()))

    assert after.unit_status == testing.WaitingStatus("the server does not start: no socket")
