import asyncio
import dataclasses
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from model_builders import FLASK, NOW, deployed, empty, idle
from paas_local.controller import dispatch
from paas_local.juju import actions, events, operations
from paas_local.juju.model import Model

RELATED = events.Related(relation=3, endpoint="db", change="joined", application="mysql", unit="mysql/0")


def model() -> Model:
    return idle(deployed(empty(), FLASK))


def event_variables(event: events.Event, where: Model | None = None) -> dict[str, str]:
    """Return the variables that an event adds to those of start."""
    where = where or model()
    plain = dispatch.environment(where, "flask-k8s/0", events.Lifecycle(step="start"), "c")
    variables = dispatch.environment(where, "flask-k8s/0", event, "c")
    return {key: value for key, value in variables.items() if plain.get(key) != value}


def test_the_environment_inherits_nothing():
    environment = dispatch.environment(model(), "flask-k8s/0", events.Lifecycle(step="start"), "ctx")

    charm = "/var/lib/juju/agents/unit-flask-k8s-0/charm"
    assert environment == {
        "APT_LISTCHANGES_FRONTEND": "none",
        "CHARM_DIR": charm,
        "CLOUD_API_VERSION": "1.31.0",
        "DEBIAN_FRONTEND": "noninteractive",
        "JUJU_AGENT_SOCKET_ADDRESS": "/var/lib/juju/agents/unit-flask-k8s-0/agent.socket",
        "JUJU_AGENT_SOCKET_NETWORK": "unix",
        "JUJU_API_ADDRESSES": "10.152.183.1:17070 controller-service.controller-local.svc.cluster.local:17070",
        "JUJU_AVAILABILITY_ZONE": "",
        "JUJU_CHARM_DIR": charm,
        "JUJU_CHARM_FTP_PROXY": "",
        "JUJU_CHARM_HTTPS_PROXY": "",
        "JUJU_CHARM_HTTP_PROXY": "",
        "JUJU_CHARM_NO_PROXY": "127.0.0.1,localhost,::1",
        "JUJU_CONTEXT_ID": "ctx",
        "JUJU_DISPATCH_PATH": "hooks/start",
        "JUJU_HOOK_NAME": "start",
        "JUJU_MACHINE_ID": "",
        "JUJU_MODEL_NAME": "demo",
        "JUJU_MODEL_UUID": "11111111-2222-4333-8444-555555555555",
        "JUJU_PRINCIPAL_UNIT": "",
        "JUJU_UNIT_NAME": "flask-k8s/0",
        "JUJU_VERSION": "3.6.11",
        "LANG": "C.UTF-8",
        "PATH": "/var/lib/juju/tools/unit-flask-k8s-0:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": "tmux-256color",
    }


def test_a_charm_sees_the_agent_version_of_its_model():
    newer = dataclasses.replace(model(), config={**model().config, "agent-version": "4.0.1"})

    assert dispatch.environment(newer, "flask-k8s/0", events.Lifecycle(step="start"), "c")["JUJU_VERSION"] == "4.0.1"


def test_the_models_proxies_are_in_the_environment():
    proxied = operations.configure_model(model(), {"juju-http-proxy": "http://proxy:3128"})

    environment = dispatch.environment(proxied, "flask-k8s/0", events.Lifecycle(step="start"), "c")

    assert environment["JUJU_CHARM_HTTP_PROXY"] == "http://proxy:3128"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(
            RELATED,
            {
                "JUJU_DISPATCH_PATH": "hooks/db-relation-joined",
                "JUJU_HOOK_NAME": "db-relation-joined",
                "JUJU_RELATION": "db",
                "JUJU_RELATION_ID": "db:3",
                "JUJU_REMOTE_APP": "mysql",
                "JUJU_REMOTE_UNIT": "mysql/0",
            },
            id="joined",
        ),
        pytest.param(
            events.Related(relation=3, endpoint="db", change="broken", application="mysql"),
            {
                "JUJU_DISPATCH_PATH": "hooks/db-relation-broken",
                "JUJU_HOOK_NAME": "db-relation-broken",
                "JUJU_RELATION": "db",
                "JUJU_RELATION_ID": "db:3",
                "JUJU_REMOTE_APP": "mysql",
                "JUJU_REMOTE_UNIT": "",
            },
            id="broken: the unit is there and empty",
        ),
        pytest.param(
            events.Related(
                relation=3,
                endpoint="db",
                change="departed",
                application="mysql",
                unit="mysql/1",
                departing="mysql/1",
            ),
            {
                "JUJU_DISPATCH_PATH": "hooks/db-relation-departed",
                "JUJU_HOOK_NAME": "db-relation-departed",
                "JUJU_RELATION": "db",
                "JUJU_RELATION_ID": "db:3",
                "JUJU_REMOTE_APP": "mysql",
                "JUJU_REMOTE_UNIT": "mysql/1",
                "JUJU_DEPARTING_UNIT": "mysql/1",
            },
            id="departed",
        ),
        pytest.param(
            events.PebbleReady(container="app", start=1),
            {
                "JUJU_DISPATCH_PATH": "hooks/app-pebble-ready",
                "JUJU_HOOK_NAME": "app-pebble-ready",
                "JUJU_WORKLOAD_NAME": "app",
            },
            id="pebble-ready",
        ),
        pytest.param(
            events.Notice(container="app", notice="7", key="example.com/a"),
            {
                "JUJU_DISPATCH_PATH": "hooks/app-pebble-custom-notice",
                "JUJU_HOOK_NAME": "app-pebble-custom-notice",
                "JUJU_WORKLOAD_NAME": "app",
                "JUJU_NOTICE_ID": "7",
                "JUJU_NOTICE_TYPE": "custom",
                "JUJU_NOTICE_KEY": "example.com/a",
            },
            id="notice",
        ),
        pytest.param(
            events.Check(container="app", check="up", outcome="recovered"),
            {
                "JUJU_DISPATCH_PATH": "hooks/app-pebble-check-recovered",
                "JUJU_HOOK_NAME": "app-pebble-check-recovered",
                "JUJU_WORKLOAD_NAME": "app",
                "JUJU_PEBBLE_CHECK_NAME": "up",
            },
            id="check",
        ),
        pytest.param(
            events.SecretStep(secret="s1", becomes="changed", revision=2, label="l"),
            {
                "JUJU_DISPATCH_PATH": "hooks/secret-changed",
                "JUJU_HOOK_NAME": "secret-changed",
                "JUJU_SECRET_ID": "secret:s1",
                "JUJU_SECRET_LABEL": "l",
            },
            id="secret-changed: no revision",
        ),
        pytest.param(
            events.SecretStep(secret="s1", becomes="remove", revision=2),
            {
                "JUJU_DISPATCH_PATH": "hooks/secret-remove",
                "JUJU_HOOK_NAME": "secret-remove",
                "JUJU_SECRET_ID": "secret:s1",
                "JUJU_SECRET_LABEL": "",
                "JUJU_SECRET_REVISION": "2",
            },
            id="secret-remove",
        ),
        pytest.param(
            events.Storage(storage="data/0"),
            {
                "JUJU_DISPATCH_PATH": "hooks/data-storage-attached",
                "JUJU_HOOK_NAME": "data-storage-attached",
                "JUJU_STORAGE_ID": "data/0",
                "JUJU_STORAGE_LOCATION": "/var/lib/juju/storage/data/0",
                "JUJU_STORAGE_KIND": "filesystem",
            },
            id="storage",
        ),
    ],
)
def test_each_kind_of_event_has_its_variables(event: events.Event, expected: dict[str, str]):
    assert event_variables(event) == expected


def test_an_actions_hook_name_is_empty_and_its_uuid_is_its_number():
    where, task = actions.enqueue(model(), "flask-k8s/0", "rotate", {}, NOW)

    assert event_variables(events.Run(task=task.id, action="rotate"), where) == {
        "JUJU_DISPATCH_PATH": "actions/rotate",
        "JUJU_HOOK_NAME": "",
        "JUJU_ACTION_NAME": "rotate",
        "JUJU_ACTION_UUID": "2",
        "JUJU_ACTION_TAG": "action-2",
    }


def test_a_command_runs_in_a_shell(tmp_path: Path):
    shown: list[list[str] | None] = []
    for command in (["echo $HOME; ls"], ["echo", "a b"]):
        where, task = actions.enqueue_command(model(), "flask-k8s/0", command, NOW)
        event = events.Run(task=task.id, action=task.action)
        assert event_variables(event, where)["JUJU_HOOK_NAME"] == ""
        shown.append(dispatch.arguments(where, "flask-k8s/0", event, tmp_path))

    assert shown == [["/bin/sh", "-c", "echo $HOME; ls"], ["/bin/sh", "-c", "echo 'a b'"]]


def test_a_charm_without_dispatch_runs_its_hook_or_nothing(tmp_path: Path):
    event = events.Lifecycle(step="start")
    folder = "/var/lib/juju/agents/unit-flask-k8s-0/charm"

    nothing = dispatch.arguments(model(), "flask-k8s/0", event, tmp_path)
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "start").touch()
    hook = dispatch.arguments(model(), "flask-k8s/0", event, tmp_path)
    (tmp_path / "dispatch").touch()
    both = dispatch.arguments(model(), "flask-k8s/0", event, tmp_path)

    assert [nothing, hook, both] == [None, [f"{folder}/hooks/start"], [f"{folder}/dispatch"]]


class Machine:
    """Runs a program on the machine."""

    async def run(self, argv: list[str], *, env: Mapping[str, str], cwd: str) -> asyncio.subprocess.Process:
        assert cwd == "/var/lib/juju/agents/unit-a-0/charm"
        return await asyncio.create_subprocess_exec(
            *argv, env=dict(env), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )


def run(code: str) -> tuple[dispatch.Exit, list[tuple[str, str]]]:
    lines: list[tuple[str, str]] = []

    def log_line(level: str, text: str) -> None:
        lines.append((level, text))

    argv = [sys.executable, "-IS", "-c", code]
    return asyncio.run(dispatch.run(Machine(), "a/0", argv, {}, log_line)), lines


def test_output_is_logged_and_returned():
    end, lines = run("import sys; print('one\\ntwo'); sys.stdout.flush(); sys.stderr.write('three'); sys.exit(3)")

    assert end == dispatch.Exit(code=3, stdout="one\ntwo\n", stderr="three")
    assert sorted(lines) == [("DEBUG", "one"), ("DEBUG", "two"), ("WARNING", "three")]


def test_a_killed_hook_is_interrupted():
    end, _ = run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")

    assert end.interrupted
    assert not dispatch.Exit(code=1, stdout="", stderr="").interrupted
