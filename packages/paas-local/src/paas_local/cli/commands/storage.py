"""storage: list the storage of a model's units."""

import click

from paas_local.cli import output, session, tables
from paas_local.cli.juju_click import format_option, ignored_options, juju_command, model_option


@juju_command
@format_option("tabular", "json", "yaml")
@ignored_options("--filesystem", "--volume", is_flag=True)
@model_option
def storage(output_format: str, model: str) -> None:
    """List the storage of a model's units; each is a folder that outlives the unit's pods."""
    storages = session.query("status", model=session.chosen_model(model))["storage"].get("storage", {})
    if not storages:
        output.say("No storage to display.")
    elif output_format != "tabular":
        output.show({"storage": storages}, output_format)
    else:
        columns = [tables.Column(name=name) for name in ("Unit", "Storage ID", "Type", "Status")]
        rows = [
            (unit, identifier, each["kind"], each["status"]["current"])
            for identifier, each in sorted(storages.items())
            for unit in sorted(each["attachments"]["units"])
        ]
        click.echo("\n".join(tables.table(columns, rows)))
