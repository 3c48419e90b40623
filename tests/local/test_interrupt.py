"""Ctrl-C during a command: exit status 130, no traceback, no process left."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from deployment import PAAS_LOCAL, Deployment

EXAMPLE = Path(__file__).parent.parent.parent / "examples/flask"


@pytest.fixture
def juju() -> Generator[Deployment]:
    """Yield an empty model, empty caches, and a uv that never ends, so that a deployment lasts."""
    with TemporaryDirectory(prefix="paas-") as folder:
        slow = Path(folder, "uv")
        slow.write_text("#!/bin/sh\nsleep 3600\n")
        slow.chmod(0o755)
        environment = {
            **os.environ,
            "PAAS_LOCAL_HOME": f"{folder}/home",
            "XDG_CACHE_HOME": f"{folder}/cache",
            "JUJU_MODEL": "test",
            "UV": str(slow),
        }
        deployment = Deployment(home=Path(folder, "home"), environment=environment)
        deployment("add-model", "test", "--no-switch")
        yield deployment
        deployment.run("destroy-model", "test", "--no-prompt")
        deployment.run("shutdown")


def interrupted(juju: Deployment, *words: str) -> tuple[int, str]:
    """Run a command in its own process group, as a shell does, and interrupt it after its first output."""
    command = subprocess.Popen(
        [PAAS_LOCAL, *words],
        env=juju.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert command.stdout
    try:
        first = command.stdout.readline()
        time.sleep(0.2)
        os.killpg(command.pid, signal.SIGINT)
        rest, _ = command.communicate(timeout=20)
    finally:
        # Reached with a live group only if the test fails.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(command.pid, signal.SIGKILL)
    juju.wait("end of its processes", lambda: not alive(command.pid), patience=20)
    return command.returncode, first + rest


def alive(group: int) -> list[str]:
    """Return the processes of a group that have not ended; zombies have."""
    processes: list[str] = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            state, _, its_group = entry.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                processes.append(entry.parent.name)
    return processes


def test_an_interrupted_deployment_leaves_nothing(juju: Deployment):
    image = f"flask-app-image={EXAMPLE}"

    code, output = interrupted(juju, "deploy", str(EXAMPLE / "charm"), "--resource", image)

    assert code == 130, output
    assert "Traceback" not in output
    assert juju.status()["applications"] == {}


def test_an_interrupted_watch_ends(juju: Deployment):
    code, output = interrupted(juju, "status", "--watch", "1s")

    assert code == 130
    assert "Traceback" not in output
