"""show-unit: show a unit and its databags."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("unit")
@format_option("yaml", "json")
@model_option
def show_unit(unit: str, output_format: str, model: str) -> None:
    """Show a unit: its ports, its address and its databags."""
    output.show(session.query("show-unit", model=session.chosen_model(model), unit=unit), output_format)
