"""show-application: show applications."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("applications", nargs=-1, required=True, metavar="APP...")
@format_option("yaml", "json")
@model_option
def show_application(applications: tuple[str, ...], output_format: str, model: str) -> None:
    """Show the charm, the base and the endpoints of applications."""
    name = session.chosen_model(model)
    documents = [session.query("show-application", model=name, application=each) for each in applications]
    output.show({key: entry for document in documents for key, entry in document.items()}, output_format)
