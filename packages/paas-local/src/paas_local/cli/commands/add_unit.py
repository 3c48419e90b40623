"""add-unit: add units to an application."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("application")
@click.option(
    "--num-units", "-n", type=click.IntRange(min=1), default=1, show_default=True, help="The number of new units."
)
@ignored_options("--attach-storage", "--to")
@model_option
def add_unit(application: str, num_units: int, model: str) -> None:
    """Add units to an application."""
    session.request("add-unit", model=session.chosen_model(model), application=application, units=num_units)
