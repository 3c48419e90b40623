"""add-unit: add units to an application."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("application")
@click.option("--num-units", "-n", type=click.IntRange(min=1), default=1)
@click.option("--to", hidden=True)
@click.option("--attach-storage", hidden=True)
@model_option
def add_unit(application: str, num_units: int, to: str | None, attach_storage: str | None, model: str) -> None:
    """Add units to an application."""
    del to, attach_storage
    session.request("add-unit", model=session.chosen_model(model), application=application, units=num_units)
