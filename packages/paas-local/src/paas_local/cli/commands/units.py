"""Verbs about single units: actions, commands, what their agents know and say."""

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from paas_local.cli import progress
from paas_local.cli.commands import command, logs
from paas_local.cli.commands.command import Verb

_UNIT = re.compile(r"[a-z][a-z0-9-]*/(\d+|leader)")
_ACTION = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_RUN_WAIT = 60.0
_EXEC_WAIT = 300.0
_MARGIN = 30.0
"""Seconds that an answer may come later than the wait that was asked for."""


@click.command("run", cls=Verb)
@click.argument("words", nargs=-1, metavar="UNIT ACTION [KEY=VALUE...]")
@click.option("--params", metavar="FILE", help="Parameters from a YAML file.")
@click.option("--string-args", is_flag=True, help="Take values as text instead of YAML.")
@click.option("--wait", metavar="TIME", help="How long to wait for the result: 30s, 2m.")
@command.format_option("plain", "yaml", "json")
@command.model_option
def run(
    words: tuple[str, ...], params: str | None, wait: str | None, shape: str, model: str, *, string_args: bool
) -> None:
    """Run an action of a unit's charm and wait for what it gives."""
    unit, action, settings = _unit_and_action(words)
    given = {**(command.mapping(Path(params)) if params else {}), **_parameters(settings, text=string_args)}
    seconds = command.seconds(wait, "--wait") if wait else _RUN_WAIT
    with progress.steps() as steps:
        daemon = command.daemon(steps)
        steps(f"running {action} on {unit}")
        document: dict[str, Any] = daemon.ask(
            "run",
            patience=seconds + _MARGIN,
            model=command.the_model(model),
            unit=unit,
            action=action,
            params=given,
            wait=seconds,
        )
    for task in document.values():
        _tell(task)
    _show(document, shape)


@click.command("exec", cls=Verb)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARGUMENT...]")
@click.option("--unit", "-u", metavar="UNIT")
@click.option("--machine", hidden=True)
@click.option("--wait", metavar="TIME")
@command.format_option("plain", "yaml", "json")
@command.model_option
def execute(
    words: tuple[str, ...], unit: str | None, machine: str | None, wait: str | None, shape: str, model: str
) -> None:
    """Run a command in a unit's charm container, with the hook tools."""
    if machine:
        raise click.ClickException("unable to target machines with a k8s controller")
    if not unit:
        raise click.UsageError("no unit specified: use --unit")
    if not words:
        raise click.UsageError("no command specified")
    seconds = command.seconds(wait, "--wait") if wait else _EXEC_WAIT
    document: dict[str, Any] = command.ask(
        "exec",
        patience=seconds + _MARGIN,
        model=command.the_model(model),
        unit=unit,
        command=list(words),
        wait=seconds,
    )
    _show(document, shape)


@click.command("show-unit", cls=Verb)
@click.argument("unit")
@command.format_option("yaml", "json")
@command.model_option
def show_unit(unit: str, shape: str, model: str) -> None:
    """Show what a unit knows: its ports, its address, its databags."""
    command.show(command.ask("show-unit", model=command.the_model(model), unit=unit), shape)


@click.command("debug-log", cls=Verb)
@click.option("--limit", type=click.IntRange(min=0), default=None, help="Show that many lines and end; 0 is all.")
@click.option("--lines", "-n", type=click.IntRange(min=0), default=10, help="Lines to begin with.")
@click.option("--replay", is_flag=True, help="Begin with the first line.")
@click.option("--tail", is_flag=True, help="Wait for more, whatever stdout is.")
@click.option("--no-tail", is_flag=True, help="Do not wait for more.")
@click.option("--include", multiple=True, metavar="ENTITY", help="Only of these: unit-a-0 or a/0.")
@click.option("--exclude", multiple=True, metavar="ENTITY")
@click.option("--include-module", multiple=True, metavar="MODULE")
@click.option("--level", default="INFO", show_default=True, metavar="LEVEL", help="This level and worse.")
@click.option("--date", is_flag=True, help="With the date.")
@click.option("--ms", is_flag=True, help="With milliseconds.")
@click.option("--utc", is_flag=True, help="In UTC.")
@command.format_option("text", "json")
@command.model_option
def debug_log(  # noqa: PLR0913 - one for each of Juju's flags
    limit: int | None,
    lines: int,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    include_module: tuple[str, ...],
    level: str,
    shape: str,
    model: str,
    *,
    replay: bool,
    tail: bool,
    no_tail: bool,
    date: bool,
    ms: bool,
    utc: bool,
) -> None:
    """Show what charms and their agents said, and say now."""
    follow = limit is None and not no_tail and (tail or sys.stdout.isatty())
    first = limit if limit is not None else 0 if replay or not follow else lines
    wanted = logs.Filter(include=include, exclude=exclude, modules=include_module, level=level)
    clock = logs.Clock(date=date, milliseconds=ms, utc=utc)
    with progress.steps() as steps:
        daemon = command.daemon(steps)
        name = command.the_model(model)
        for line in daemon.stream("debug-log", model=name, limit=first, follow=follow):
            if wanted.takes(line):
                click.echo(logs.text(line, clock) if shape == "text" else logs.as_json(line))


def _unit_and_action(words: Sequence[str]) -> tuple[str, str, list[str]]:
    if not words:
        raise click.UsageError("no unit specified")
    if not _UNIT.fullmatch(words[0]):
        raise click.UsageError(f'invalid unit or action name "{words[0]}"')
    if len(words) == 1:
        raise click.UsageError("no action specified")
    if not _ACTION.fullmatch(words[1]):
        raise click.UsageError(f'invalid unit or action name "{words[1]}"')
    return words[0], words[1], list(words[2:])


def _parameters(words: Sequence[str], *, text: bool) -> dict[str, Any]:
    """Nest at dots: ``a.b=1`` is ``{"a": {"b": 1}}``."""
    found: dict[str, Any] = {}
    for key, value in command.pairs(words, what="parameters").items():
        *folders, last = key.split(".")
        place = found
        for folder in folders:
            place = place.setdefault(folder, {})
        place[last] = value if text else _yaml(value)
    return found


def _yaml(value: str) -> Any:
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _tell(task: Mapping[str, Any]) -> None:
    number = int(task["id"])
    command.say(f"Running operation {number - 1} with 1 task")
    command.say(f"  - task {number} on unit-{task['unit'].replace('/', '-')}\n")
    command.say(f"Waiting for task {number}...")
    for line in task.get("log", ()):
        command.say(line.partition(" ")[2] or line)


def _show(document: Mapping[str, Any], shape: str) -> None:
    if shape == "plain":
        for task in document.values():
            _show_plain(task)
    else:
        command.show(document, shape)
    failed = {task["id"]: code for task in document.values() if (code := task.get("results", {}).get("return-code", 0))}
    if failed:
        listed = "\n".join(f' - id "{task}" with return code {code}' for task, code in failed.items())
        raise click.ClickException(
            f"the following task failed:\n{listed}\n\nuse 'juju show-task' to inspect the failure"
        )


def _show_plain(task: Mapping[str, Any]) -> None:
    results = dict(task.get("results", {}))
    results.pop("return-code", None)
    stdout, stderr = results.pop("stdout", ""), results.pop("stderr", "")
    if task.get("status") == "failed":
        click.echo(f"Action id {task['id']} failed: {task.get('message', '')}")
    if results:
        command.show(results, "yaml")
    click.echo(stdout, nl=not stdout.endswith("\n") and bool(stdout))
    click.echo(stderr, nl=not stderr.endswith("\n") and bool(stderr), err=True)
