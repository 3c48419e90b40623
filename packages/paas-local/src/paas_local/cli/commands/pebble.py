"""pebble: send a command to the Pebble of a unit's container."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from paas_local.cli import output, session, tables
from paas_local.cli.client import ClientError
from paas_local.cli.juju_click import JujuCommand, juju_command, model_option
from paas_local.cli.pebble_requests import Pebble

_BUILT_IN = "embedded"
_SERVICE_ACTIONS = ("start", "stop", "restart", "replan")


@juju_command
@click.argument("unit")
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND [ARGUMENT...]")
@click.option("--container", metavar="NAME", default="", help="The container, if the charm has several.")
@model_option
def pebble(unit: str, words: tuple[str, ...], container: str, model: str) -> None:
    """Send a command to the Pebble of a unit's container; the flags of this command come before UNIT.

    \b
    paas-local pebble web/0 services
    paas-local pebble web/0 logs -f
    paas-local pebble web/0 restart flask

    The commands are: services, logs [-f] [-n LINES] [SERVICE...], plan, checks, changes, tasks CHANGE, start, stop
    and restart SERVICE..., replan, signal SIGNAL SERVICE.... A real pebble on PATH has more.
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    answer = session.query("pebble-socket", model=session.chosen_model(model), unit=unit, container=container)
    socket = Path(answer["socket"])
    if answer["pebble"] != _BUILT_IN:
        _replace_process(answer["pebble"], socket, words)
    _run(Pebble(unit=unit, socket=socket), words[0], words[1:])


# the command's words may be flags
pebble.allow_interspersed_args = False


def _replace_process(program: str, socket: Path, words: Sequence[str]) -> None:
    """Continue as the real pebble; its socket's path would be too long without the open folder."""
    folder = os.open(socket.parent, os.O_PATH)
    os.set_inheritable(folder, True)
    os.environ["PEBBLE_SOCKET"] = f"/proc/self/fd/{folder}/{socket.name}"
    os.execv(program, [program, *words])  # noqa: S606 - the user's own pebble


def _run(pebble: Pebble, command: str, arguments: Sequence[str]) -> None:
    if command in _SERVICE_ACTIONS:
        _act(pebble, {"action": command, "services": list(arguments)})
    elif command in _COMMANDS:
        _COMMANDS[command](pebble, arguments)
    else:
        known = ", ".join(sorted((*_COMMANDS, *_SERVICE_ACTIONS)))
        raise click.UsageError(
            f'the built-in Pebble has no command "{command}"; it has: {known}; for a real one: paas-local --pebble PATH'
        )


def _act(pebble: Pebble, body: Mapping[str, Any]) -> None:
    change = pebble.change("/v1/services", body)
    if error := change.get("err"):
        raise ClientError(str(error))


def _services(pebble: Pebble, names: Sequence[str]) -> None:
    services = pebble.get("/v1/services", {"names": ",".join(names)} if names else None)
    _table(
        ("Service", "Startup", "Current", "Since"),
        [(each["name"], each["startup"], each["current"], _time(each.get("current-since"))) for each in services],
    )


def _checks(pebble: Pebble, names: Sequence[str]) -> None:
    checks = pebble.get("/v1/checks", {"names": ",".join(names)} if names else None)
    _table(
        ("Check", "Level", "Status", "Failures"),
        [
            (
                each["name"],
                each.get("level") or "-",
                each["status"],
                f"{each.get('failures', 0)}/{each.get('threshold', 0)}",
            )
            for each in checks
        ],
    )


def _changes(pebble: Pebble, _: Sequence[str]) -> None:
    changes = pebble.get("/v1/changes", {"select": "all"})
    _table(
        ("ID", "Status", "Spawn", "Ready", "Summary"),
        [
            (each["id"], each["status"], _time(each["spawn-time"]), _time(each.get("ready-time")), each["summary"])
            for each in changes
        ],
    )


def _tasks(pebble: Pebble, numbers: Sequence[str]) -> None:
    if len(numbers) != 1:
        raise click.UsageError("tasks needs the number of one change (see: changes)")
    change = pebble.get(f"/v1/changes/{numbers[0]}")
    for task in change["tasks"]:
        click.echo(f"{task['status']}  {task['summary']}")
        for line in task.get("log") or ():
            click.echo(f"    {line}")


def _plan(pebble: Pebble, _: Sequence[str]) -> None:
    click.echo(pebble.get("/v1/plan", {"format": "yaml"}), nl=False)


def _signal(pebble: Pebble, words: Sequence[str]) -> None:
    if len(words) < 2:  # noqa: PLR2004 - a signal and a service
        raise click.UsageError("signal needs a signal and a service (signal SIGHUP flask)")
    pebble.post("/v1/signals", {"signal": words[0], "services": list(words[1:])})


@click.command("logs", cls=JujuCommand)
@click.argument("services", nargs=-1)
@click.option("-f", "--follow", is_flag=True)
@click.option("-n", "lines", default="30")
@click.pass_obj
def _logs(pebble: Pebble, services: tuple[str, ...], lines: str, *, follow: bool) -> None:
    query: dict[str, str | Sequence[str]] = {"n": "-1" if lines == "all" else lines, "services": services}
    for line in pebble.lines({**query, **({"follow": "true"} if follow else {})}):
        click.echo(f"{line['time']} [{line['service']}] {line['message'].rstrip()}")


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if not rows:
        output.say("Nothing to show.")
        return
    for line in tables.table([tables.Column(name=name) for name in names], rows):
        click.echo(line)


def _time(text: str | None) -> str:
    return (text or "-").partition(".")[0].replace("T", " ")


_COMMANDS: Mapping[str, Callable[[Pebble, Sequence[str]], None]] = {
    "services": _services,
    "checks": _checks,
    "changes": _changes,
    "tasks": _tasks,
    "plan": _plan,
    "signal": _signal,
    "logs": lambda pebble, words: _logs.main(list(words), "pebble logs", standalone_mode=False, obj=pebble),
}
