"""resources: list the resources of an application or a unit."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from paas_local.cli import output, session, tables
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("target", metavar="APP|UNIT")
@click.option("--details", is_flag=True, help="Show what each unit's charm has got, and what the application has.")
@format_option("tabular", "json", "yaml")
@model_option
def resources(target: str, output_format: str, model: str, *, details: bool) -> None:
    """List the resources of an application or a unit."""
    document = session.query("resources", model=session.chosen_model(model), target=target, details=details)
    entries = document if "/" in target else document["resources"]
    if not entries:
        output.say("No resources to display.")
    elif output_format == "tabular":
        rows = [_row(entry, of_unit="/" in target) for entry in entries]
        columns = [tables.Column(name=name) for name in rows[0]]
        click.echo("\n".join(tables.table(columns, [tuple(row.values()) for row in rows])))
    else:
        output.show(document, output_format)


def _row(entry: Mapping[str, Any], *, of_unit: bool) -> dict[str, str]:
    """Return the cells of an entry by column; the rows of a unit do not name it."""
    if "expected" in entry:
        expected = entry["expected"]
        row = {"Unit": entry["unitID"], "Resource": expected["name"]}
        row |= {"Revision": _revision(entry["unit"]), "Expected": _revision(expected)}
    else:
        row = {"Resource": entry["name"], "Supplied by": entry.get("username", entry["origin"])}
        row |= {"Revision": _revision(entry)}
    return {name: cell for name, cell in row.items() if not of_unit or name not in ("Unit", "Supplied by")}


def _revision(entry: Mapping[str, Any]) -> str:
    """Return the time of an upload in Juju's notation: the day comes before the month."""
    if "timestamp" not in entry:
        return "-"
    return datetime.strptime(entry["timestamp"], "%Y-%m-%dT%H:%M:%S%z").strftime("%Y-%d-%mT%H:%M")
