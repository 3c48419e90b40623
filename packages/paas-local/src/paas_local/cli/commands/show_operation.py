"""show-operation: show an operation."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import format_option, ignored_options, juju_command, model_option


@juju_command
@click.argument("operation", metavar="NUMBER")
@ignored_options("--wait")
@ignored_options("--utc", is_flag=True)
@format_option("yaml", "json")
@model_option
def show_operation(operation: str, output_format: str, model: str) -> None:
    """Show an operation: its action, its times and its task with the results."""
    if not operation.isdecimal():
        raise click.UsageError(f'invalid operation ID "{operation}"')
    document = session.query("show-operation", model=session.chosen_model(model), operation=int(operation))
    output.show(document, output_format)
