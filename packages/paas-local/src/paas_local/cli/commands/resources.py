"""resources: list the resources of an application."""

import click

from paas_local.cli import output, session, tables
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("application")
@format_option("tabular", "json", "yaml")
@model_option
def resources(application: str, output_format: str, model: str) -> None:
    """List the resources of an application."""
    document = session.query("resources", model=session.chosen_model(model), application=application)
    if output_format != "tabular":
        output.show(document, output_format)
        return
    if not document["resources"]:
        output.say("No resources to display.")
        return
    columns = [tables.Column(name=name) for name in ("Resource", "Supplied by", "Revision")]
    rows = [(each["name"], each.get("username", each["origin"]), each["revision"]) for each in document["resources"]]
    click.echo("\n".join(tables.table(columns, rows)))
