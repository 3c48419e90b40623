"""run: run an action of a charm."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from paas_local.build import yaml_files
from paas_local.cli import arguments, built_in_charms, progress, session, task_output
from paas_local.cli.juju_click import format_option, juju_command, model_option
from paas_local.juju.names import UNIT_NAME

_ACTION_NAME = re.compile(r"[a-z](?:[a-z0-9-]*[a-z0-9])?")
_WAIT = 60.0


@juju_command
@click.argument("words", nargs=-1, metavar="UNIT ACTION [KEY=VALUE...]")
@click.option("--params", metavar="FILE", help="Take parameters from a YAML file.")
@click.option("--string-args", is_flag=True, help="Take values as text instead of YAML.")
@click.option("--wait", metavar="TIME", help="The longest time to wait for the results: 30s, 2m.")
@format_option("plain", "yaml", "json")
@model_option
def run(
    words: tuple[str, ...], params: str | None, wait: str | None, output_format: str, model: str, *, string_args: bool
) -> None:
    """Run an action of a unit's charm, and print its results."""
    unit, action, settings = _unit_and_action(words)
    parameters = {
        **(yaml_files.load(Path(params)) if params else {}),
        **_parameters(settings, text=string_args),
    }
    seconds = arguments.seconds(wait, "--wait") if wait else _WAIT
    with progress.steps() as steps:
        client = session.connect(steps)
        steps(f"running {action} on {unit}")
        answer = client.request_answer(
            "run",
            patience=seconds + task_output.ANSWER_MARGIN,
            model=session.chosen_model(model),
            unit=unit,
            action=action,
            params=parameters,
            wait=seconds,
        )
    for task in answer["result"].values():
        task_output.announce(task)
    task_output.show(answer, output_format)
    if "unscheduled" in answer:
        shown = session.query("config-get", model=session.chosen_model(model), application=unit.partition("/")[0])
        built_in_charms.warn_of_action(shown["charm"], action)


def _unit_and_action(words: Sequence[str]) -> tuple[str, str, list[str]]:
    if not words:
        raise click.UsageError("no unit specified")
    if not UNIT_NAME.fullmatch(words[0]):
        raise click.UsageError(f'invalid unit or action name "{words[0]}"')
    if len(words) == 1:
        raise click.UsageError("no action specified")
    if not _ACTION_NAME.fullmatch(words[1]):
        raise click.UsageError(f'invalid unit or action name "{words[1]}"')
    return words[0], words[1], list(words[2:])


def _parameters(words: Sequence[str], *, text: bool) -> dict[str, Any]:
    """Return parameters nested at the dots of their keys: ``a.b=1`` is ``{"a": {"b": 1}}``."""
    parameters: dict[str, Any] = {}
    for key, value in arguments.pairs(words, what="parameters").items():
        *parents, last = key.split(".")
        level = parameters
        for parent in parents:
            level = level.setdefault(parent, {})
        level[last] = value if text else _yaml(value)
    return parameters


def _yaml(value: str) -> Any:
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value
