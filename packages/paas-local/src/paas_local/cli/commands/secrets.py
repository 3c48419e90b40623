"""secrets: list the secrets of a model."""

import click

from paas_local.cli import output, session, tables
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.option("--owner", metavar="OWNER", help="Only the secrets of this owner: a unit, an application or the model.")
@format_option("tabular", "json", "yaml")
@model_option
def secrets(owner: str | None, output_format: str, model: str) -> None:
    """List the secrets of a model, without their content."""
    entries = session.query("secrets", model=session.chosen_model(model))
    if owner:
        entries = {key: entry for key, entry in entries.items() if entry["owner"] == owner}
    if output_format == "tabular":
        click.echo(tables.secrets(entries), nl=False)
    else:
        output.show(entries, output_format)
