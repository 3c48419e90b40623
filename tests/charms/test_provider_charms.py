"""The base of all built-in providers, tested with the simplest of them."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import ops
import providers
import pytest
from ops import testing
from paas_local.providers import BUILT_IN

CONTAINER_EVENTS = ("ready", "check-failed", "check-recovered")
STORAGE_EVENTS = ("attached", "detaching")
RELATION_EVENTS = ("created", "joined", "changed", "departed", "broken")


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
    after = context.run(context.on.config_changed(), providers.state(container(can_connect=False)))

    assert after.unit_status == testing.WaitingStatus("waiting for the container")


def test_other_units_wait_as_replicas_are_not_supported(context: testing.Context[ops.CharmBase]):
    after = context.run(context.on.config_changed(), providers.state(container(), leader=False))

    assert after.unit_status == testing.WaitingStatus("replicas are not supported")


def test_an_error_of_pebble_is_in_the_status(
    context: testing.Context[ops.CharmBase], answering: list[bool], monkeypatch: pytest.MonkeyPatch
):
    def refuses(_: ops.Container) -> None:
        raise ops.pebble.ConnectionError("no socket")

    monkeypatch.setattr(ops.Container, "replan", refuses)

    after = context.run(context.on.config_changed(), providers.state(container()))

    assert after.unit_status == testing.WaitingStatus("the server does not start: no socket")


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_dispatch_ends_just_the_hooks_that_the_charm_does_not_observe(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    observed: set[str] = set()
    observe = ops.Framework.observe

    def noting(framework: ops.Framework, event: ops.BoundEvent, observer: Callable[[Any], None]) -> None:
        observed.add(event.event_kind.replace("_", "-"))
        observe(framework, event, observer)

    monkeypatch.setattr(ops.Framework, "observe", noting)
    context = providers.context(name)
    context.run(context.on.update_status(), testing.State(leader=False))
    hooks = _hooks(providers.metadata(name))

    assert _reach_python(tmp_path, hooks) == hooks & observed


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_charmcraft_packs_the_shared_dispatch_and_not_its_own(name: str):
    parts = providers.metadata(name)["parts"]

    assert parts["charm"]["stage"] == ["-dispatch"]
    assert parts["shared"]["organize"] == {"*.py": "src/"}


def _hooks(metadata: Mapping[str, Any]) -> set[str]:
    """Return the names of the hooks that Juju runs for a charm's unit."""
    names = "install start config-changed leader-elected update-status upgrade-charm stop remove"
    endpoints = {**metadata["provides"], **metadata.get("requires", {})}
    return {
        *names.split(),
        *(f"{container}-pebble-{event}" for container in metadata["containers"] for event in CONTAINER_EVENTS),
        *(f"{storage}-storage-{event}" for storage in metadata.get("storage", {}) for event in STORAGE_EVENTS),
        *(f"{endpoint}-relation-{event}" for endpoint in endpoints for event in RELATION_EVENTS),
    }


def _reach_python(folder: Path, hooks: set[str]) -> set[str]:
    """Run the hooks of a packed charm; return those for which its ``dispatch`` starts Python."""
    shutil.copy(providers.SHARED / "dispatch", folder)
    python = folder / "venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$JUJU_DISPATCH_PATH" "$1"\n')
    python.chmod(0o755)
    loop = 'for hook in "$@"; do JUJU_DISPATCH_PATH="hooks/$hook" ./dispatch || exit; done'
    command = ["sh", "-c", loop, "sh", *hooks]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert {entrypoint for _, entrypoint in lines} == {"./src/charm.py"}
    return {hook.removeprefix("hooks/") for hook, _ in lines}
