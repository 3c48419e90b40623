"""show-model: show a model."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("name", required=False, metavar="[MODEL]")
@format_option("yaml", "json")
@model_option
def show_model(name: str | None, output_format: str, model: str) -> None:
    """Show a model: its id, its version of Juju, its user."""
    shown = session.existing_model(name or session.chosen_model(model))
    output.show(session.query("show-model", model=shown), output_format)
