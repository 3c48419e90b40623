"""Pods that outlive the controller and the host gateway, with a charm of shell lines in real namespaces."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from pathlib import Path

import ops.pebble
import pytest
from deployment import Deployment, new_home
from paas_local.controller.storage import State
from paas_local.juju import lifecycle
from paas_local.juju.model import Model, with_unit
from paas_local.juju.names import unit_tag

CONTROLLER = "paas_local.controller.daemon"
GATEWAY = "paas_local.pods.host_gateway"
METADATA = """\
name: keeper
summary: A keeper.
description: A keeper.
containers:
  web: {}
"""
DISPATCH = """\
#!/bin/sh
if [ -e wait ]; then
  touch waiting
  sh -c 'sleep 300; status-set blocked "an interrupted hook goes on"'
fi
status-set active
"""
SERVICES = """\
services:
  web:
    override: replace
    startup: enabled
    command: python3 -m http.server 8000
"""
FETCH = """
import sys, urllib.request
from paas_local.pods import pod_network
pod_network.enter(int(sys.argv[1]))
print(urllib.request.urlopen(f"http://{sys.argv[2]}:8000/", timeout=5).status)
"""


@pytest.fixture(scope="module")
def juju(tmp_path_factory: pytest.TempPathFactory) -> Generator[Deployment]:
    """Yield a model with two units, whose workload answers on port 8000."""
    folder = tmp_path_factory.mktemp("keeper")
    (folder / "metadata.yaml").write_text(METADATA)
    (folder / "dispatch").write_text(DISPATCH)
    (folder / "dispatch").chmod(0o755)
    with new_home() as juju:
        juju("add-model", "test", "--no-switch")
        juju("deploy", str(folder), "--num-units", "2")
        for number in range(2):
            juju.wait_for(f"keeper/{number}", "active")
            serve(juju, number)
        yield juju


def pod(juju: Deployment, number: int) -> Path:
    """Return the folder of a pod."""
    return juju.home / f"models/test/pods/keeper-{number}"


def pebble(juju: Deployment, number: int) -> ops.pebble.Client:
    """Return a client of a unit's Pebble."""
    return ops.pebble.Client(str(pod(juju, number) / "web/pebble.socket"))


def serve(juju: Deployment, number: int) -> None:
    """Start the workload."""
    client = pebble(juju, number)
    client.add_layer("web", SERVICES, combine=True)
    client.replan_services()
    juju.wait("answer", lambda: fetch(juju, number))


def fetch(juju: Deployment, number: int) -> bool:
    """Return whether a unit answers on its address, in the network of the pods; this needs no controller."""
    launcher = juju.processes("paas_local.pods.container_init")[-1]
    unit = juju.home / f"address-{number}"
    if not unit.exists():
        unit.write_text(juju.status()["applications"]["keeper"]["units"][f"keeper/{number}"]["address"])
    command = [sys.executable, "-c", FETCH, str(launcher), unit.read_text()]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout == "200\n"


@contextlib.contextmanager
def outage(juju: Deployment, *victims: str) -> Generator[None]:
    """Kill processes, and let the supervisor start none again for the duration of the block."""
    os.kill(juju.host_process(), signal.SIGSTOP)
    try:
        for process in [process for victim in victims for process in juju.processes(victim)]:
            # the others may end with the first
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        yield
    finally:
        os.kill(juju.host_process(), signal.SIGCONT)
    juju.wait("the controller", juju.status)


def ran(juju: Deployment, unit: str, hook: str) -> int:
    """Return how often a unit has run a hook."""
    state = State(juju.home / "state.db")
    lines = [line for _, line in state.lines("test", 0) if line.entity == unit_tag(unit)]
    state.close()
    return sum(f'ran "{hook}" hook' in line.message for line in lines)


def containers(juju: Deployment, number: int) -> list[int]:
    """Return the first processes of a unit's containers: the charm's and the workload's."""
    names = [juju.processes("container ", f"keeper-{number}/{name}.json") for name in ("charm", "web")]
    return [process for processes in names for process in processes]


def runs(process: int) -> bool:
    """Return whether a process has not ended."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def eventually(condition: Callable[[], bool]) -> bool:
    for _ in range(100):
        if condition():
            return True
        time.sleep(0.05)
    return False


def settled(juju: Deployment) -> None:
    for number in range(2):
        juju.wait_for(f"keeper/{number}", "active")


@pytest.mark.parametrize("victims", [(CONTROLLER,), (GATEWAY,), (GATEWAY, CONTROLLER)], ids=" ".join)
def test_pods_run_on_and_answer_while_there_is_no_controller(juju: Deployment, victims: tuple[str, ...]):
    pods = [containers(juju, number) for number in range(2)]
    services = set(juju.processes("http.server"))
    starts = [ran(juju, f"keeper/{number}", "start") for number in range(2)]
    notices = ran(juju, "keeper/0", "web-pebble-custom-notice")
    assert len(services) == 2

    with outage(juju, *victims):
        assert [fetch(juju, number) for number in range(2)] == [True, True]
        pebble(juju, 0).notify(ops.pebble.NoticeType.CUSTOM, f"example.com/{len(victims)}")
        assert not juju.processes(CONTROLLER)

    juju.wait("notice", lambda: ran(juju, "keeper/0", "web-pebble-custom-notice") == notices + 1)
    settled(juju)
    assert [containers(juju, number) for number in range(2)] == pods
    assert set(juju.processes("http.server")) == services
    assert [fetch(juju, number) for number in range(2)] == [True, True]
    assert [ran(juju, f"keeper/{number}", "start") for number in range(2)] == starts
    assert ran(juju, "keeper/0", "upgrade-charm") == 0
    assert ran(juju, "keeper/0", "web-pebble-ready") == 1
    assert ran(juju, "keeper/0", "web-pebble-custom-notice") == notices + 1


def test_commands_and_hooks_run_in_a_pod_that_was_taken_over(juju: Deployment):
    assert juju("ssh", "keeper/0", "hostname") == "keeper-0\n"
    assert juju("ssh", "--container", "web", "keeper/0", "hostname") == "keeper-0\n"
    assert "True" in juju("exec", "--unit", "keeper/0", "--", "is-leader")
    assert "GET / " in juju("logs", "keeper/0", "--all")


def test_an_interrupted_hook_runs_again_and_its_programs_end(juju: Deployment):
    folder = juju.home / "models/test/charms/keeper-1"
    (folder / "wait").touch()
    pebble(juju, 1).notify(ops.pebble.NoticeType.CUSTOM, "example.com/wait")
    juju.wait("a running hook", (folder / "waiting").exists)
    before = ran(juju, "keeper/1", "web-pebble-custom-notice")
    programs = juju.processes("sleep 300")
    assert programs

    with outage(juju, CONTROLLER):
        (folder / "wait").unlink()

    juju.wait_for("keeper/1", "active")
    assert ran(juju, "keeper/1", "web-pebble-custom-notice") == before + 1
    assert not any(runs(process) for process in programs)


def test_a_container_that_ended_without_a_controller_is_restarted_in_its_pod(juju: Deployment):
    charm, web = containers(juju, 0)

    with outage(juju, CONTROLLER):
        os.kill(web, signal.SIGKILL)

    juju.wait("pebble-ready", lambda: ran(juju, "keeper/0", "web-pebble-ready") == 2)
    assert charm in containers(juju, 0)
    assert ran(juju, "keeper/0", "upgrade-charm") == 0
    serve(juju, 0)


def kill_charm_container(juju: Deployment) -> None:
    os.kill(containers(juju, 0)[0], signal.SIGKILL)


def change_version(juju: Deployment) -> None:
    """Let the pod be one that another version of paas-local has made."""
    (pod(juju, 0) / "charm.json").write_text("{}")


def need_new_pod(juju: Deployment) -> None:
    """Store what a refresh stores before the pods are replaced."""
    change_model(juju, lambda model: with_unit(model, dataclasses.replace(model.units[0], pod=False)))


def change_model(juju: Deployment, change: Callable[[Model], Model]) -> None:
    """Change the stored model while there is no controller."""
    state = State(juju.home / "state.db")
    state.save([change(state.models()["test"])])
    state.close()


@pytest.mark.parametrize("damage", [kill_charm_container, change_version, need_new_pod])
def test_a_pod_that_cannot_be_taken_over_is_made_again(juju: Deployment, damage: Callable[[Deployment], None]):
    pods = [containers(juju, number) for number in range(2)]
    upgrades = ran(juju, "keeper/0", "upgrade-charm")

    with outage(juju, CONTROLLER):
        damage(juju)

    juju.wait("upgrade", lambda: ran(juju, "keeper/0", "upgrade-charm") == upgrades + 1)
    juju.wait_for("keeper/0", "active")
    assert len(containers(juju, 0)) == 2
    assert not set(pods[0]) & set(juju.processes())
    assert containers(juju, 1) == pods[1]
    serve(juju, 0)


def test_the_pod_of_a_unit_that_is_gone_ends(juju: Deployment):
    pods = containers(juju, 1)

    with outage(juju, CONTROLLER):
        change_model(juju, lambda model: lifecycle.remove_unit(model, "keeper/1"))

    juju.wait("end", lambda: not set(pods) & set(juju.processes()))


def test_a_shutdown_leaves_no_process_and_no_socket(juju: Deployment):
    everything = juju.processes()
    assert juju.processes("http.server")

    with outage(juju, CONTROLLER):
        pass
    everything += juju.processes()
    assert juju.run("shutdown").returncode == 0

    # the supervisor has released its lock, and ends
    assert eventually(lambda: not any(runs(process) for process in everything))
    assert "Nothing is running." in juju.run("shutdown").stderr
