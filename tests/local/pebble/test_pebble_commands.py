"""``paas-local pebble``, against the built-in Pebble."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import ops
import pytest
from click.testing import CliRunner, Result
from paas_local.cli import main, session

Run = Callable[..., Result]

PLAN = """
services:
  talker:
    override: replace
    command: sh -c "echo hello; exec sleep 1000"
checks:
  alive:
    override: replace
    threshold: 2
    startup: disabled
    exec: {command: "true"}
"""


def _answer(monkeypatch: pytest.MonkeyPatch, answer: Mapping[str, str]) -> None:
    """Answer the query for the socket."""

    def query(*_: str, **__: str) -> Mapping[str, str]:
        return answer

    monkeypatch.setattr(session, "query", query)


@pytest.fixture
def run(client: ops.pebble.Client, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs a command on the Pebble of the unit web/0."""
    client.add_layer("app", PLAN)
    monkeypatch.setenv("JUJU_MODEL", "demo")
    answer = {"socket": str(folder / "socket"), "pebble": "embedded"}
    _answer(monkeypatch, answer)

    def pebble(*words: str) -> Result:
        return CliRunner().invoke(main.main, ["pebble", "web/0", *words], prog_name="paas-local")

    return pebble


def test_services_are_started_listed_and_stopped(run: Run):
    assert run("start", "talker").exit_code == 0
    started = run("services").stdout.splitlines()
    assert run("stop", "talker").exit_code == 0
    stopped = run("services", "talker").stdout.splitlines()

    assert started[0].split() == ["Service", "Startup", "Current", "Since"]
    assert started[1].split()[:3] == ["talker", "disabled", "active"]
    assert stopped[1].split()[:3] == ["talker", "disabled", "inactive"]


def test_logs_take_flags_without_a_separator(run: Run):
    run("start", "talker")

    lines = run("logs", "-n", "all").stdout.splitlines()

    assert [line.partition(" ")[2] for line in lines] == ["[talker] hello"]


def test_plan_checks_changes_and_tasks_are_shown(run: Run):
    run("start", "talker")
    changes = run("changes").stdout.splitlines()
    number = changes[1].split()[0]

    assert "command: sh -c" in run("plan").stdout
    assert run("checks").stdout.splitlines()[1].split() == ["alive", "-", "inactive", "0/2"]
    assert run("tasks", number).stdout.startswith('Done  Start service "talker"')


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        pytest.param(("start", "nothing"), 1, 'cannot start services: service "nothing" does not exist', id="service"),
        pytest.param(("tasks",), 2, "tasks needs the number of one change (see: changes)", id="tasks"),
        pytest.param(("signal", "SIGHUP"), 2, "signal needs a signal and a service (signal SIGHUP flask)", id="signal"),
        pytest.param(
            ("exec", "ls"),
            2,
            'the built-in Pebble has no command "exec"; it has: changes, checks, logs, plan, replan, restart, services,'
            " signal, start, stop, tasks; for a real one: paas-local --pebble PATH",
            id="exec",
        ),
    ],
)
def test_a_wrong_command_is_one_line(run: Run, words: tuple[str, ...], code: int, error: str):
    result = run(*words)

    assert (result.exit_code, result.stderr) == (code, f"ERROR {error}\n")


def test_a_container_without_pebble_is_one_line(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch):
    answer = {"socket": str(folder / "gone" / "socket"), "pebble": "embedded"}
    _answer(monkeypatch, answer)

    result = run("services")

    assert (result.exit_code, result.stderr) == (
        1,
        "ERROR web/0: its container has no running Pebble; see: paas-local status\n",
    )


def test_a_real_pebble_gets_the_words_and_the_socket(folder: Path, client: ops.pebble.Client):
    program = folder / "pebble"
    program.write_text('#!/bin/sh\ntest -S "$PEBBLE_SOCKET" && echo "$@"\n')
    program.chmod(0o755)
    answer = {"socket": str(folder / "socket"), "pebble": str(program)}
    code = f"from paas_local.cli import main, session; session.query = lambda *_, **__: {answer}; main.main()"

    done = subprocess.run(
        [sys.executable, "-c", code, "pebble", "web/0", "ls", "-l", "/"],
        env={**os.environ, "JUJU_MODEL": "demo"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert client.get_services() == []
    assert done.stdout == "ls -l /\n"
