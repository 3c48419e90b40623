"""operations: list the operations of a model."""

from collections.abc import Mapping
from typing import Any

import click

from paas_local.cli import arguments, output, session, tables
from paas_local.cli.juju_click import format_option, juju_command, model_option

_COLUMNS = ("ID", "Status", "Started", "Finished", "Task IDs", "Summary")


@juju_command
@click.option("--actions", multiple=True, metavar="ACTION,...", help="Only the runs of these actions.")
@click.option("--apps", "--applications", multiple=True, metavar="APP,...", help="Only those of these applications.")
@click.option("--units", multiple=True, metavar="UNIT,...", help="Only those of these units.")
@click.option("--status", multiple=True, metavar="STATUS,...", help="Only those with this status, such as failed.")
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="The number of the newest.")
@format_option("plain", "json", "yaml")
@model_option
def operations(
    actions: tuple[str, ...],
    apps: tuple[str, ...],
    units: tuple[str, ...],
    status: tuple[str, ...],
    limit: int,
    output_format: str,
    model: str,
) -> None:
    """List the actions and commands that have run."""
    document = session.query("operations", model=session.chosen_model(model))
    words_by_flag = {"actions": actions, "apps": apps, "units": units, "status": status}
    filters = {key: arguments.comma_separated(words) for key, words in words_by_flag.items() if words}
    numbers = [number for number, entry in document.items() if _matches(entry, filters)]
    shown = {number: document[number] for number in numbers[-limit:]}
    if output_format != "plain":
        output.show(shown, output_format)
    elif not shown:
        output.say("no matching operations")
    else:
        rows = [_row(number, entry) for number, entry in shown.items()]
        click.echo("\n".join(tables.table([tables.Column(name=name) for name in _COLUMNS], rows)))


def _matches(entry: Mapping[str, Any], filters: Mapping[str, list[str]]) -> bool:
    (task,) = entry["tasks"].values()
    own = {
        "actions": entry["action"]["name"],
        "apps": task["host"].partition("/")[0],
        "units": task["host"],
        "status": entry["status"],
    }
    return all(own[key] in words for key, words in filters.items())


def _row(number: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
    started, completed = (
        entry["timing"].get(key, "").removesuffix(" +0000 UTC").replace(" ", "T") for key in ("started", "completed")
    )
    return number, entry["status"], started, completed, ",".join(entry["tasks"]), entry["summary"]
