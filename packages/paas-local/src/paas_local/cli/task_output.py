"""The output of ``run`` and ``exec``: the documents of tasks, or their plain results."""

from collections.abc import Mapping
from typing import Any

import click

from paas_local.cli import output
from paas_local.juju.names import unit_tag

ANSWER_MARGIN = 30.0
"""Seconds that an answer may come later than the requested wait."""


def announce(task: Mapping[str, Any]) -> None:
    """Print the numbers of a task and its log on stderr."""
    number = int(task["id"])
    output.say(f"Running operation {number - 1} with 1 task")
    output.say(f"  - task {number} on {unit_tag(task['unit'])}\n")
    output.say(f"Waiting for task {number}...")
    for line in task.get("log", ()):
        output.say(line.partition(" ")[2] or line)


def show(answer: Mapping[str, Any], output_format: str) -> None:
    """Print the results of tasks; raise an error if one of them failed, but not if there are none."""
    if "unscheduled" in answer:
        output.say(answer["unscheduled"])
        return
    document: Mapping[str, Mapping[str, Any]] = answer["result"]
    if output_format == "plain":
        for task in document.values():
            _show_plain(task)
    else:
        output.show(document, output_format)
    failed = {task["id"]: code for task in document.values() if (code := task.get("results", {}).get("return-code", 0))}
    if failed:
        lines = "\n".join(f' - id "{task}" with return code {code}' for task, code in failed.items())
        raise click.ClickException(f"the following task failed:\n{lines}\n\nsee: paas-local debug-log --limit 20")


def _show_plain(task: Mapping[str, Any]) -> None:
    results = dict(task.get("results", {}))
    results.pop("return-code", None)
    stdout, stderr = results.pop("stdout", ""), results.pop("stderr", "")
    if task.get("status") == "failed":
        click.echo(f"Action id {task['id']} failed: {task.get('message', '')}")
    if results:
        output.show(results, "yaml")
    click.echo(stdout, nl=not stdout.endswith("\n") and bool(stdout))
    click.echo(stderr, nl=not stderr.endswith("\n") and bool(stderr), err=True)
