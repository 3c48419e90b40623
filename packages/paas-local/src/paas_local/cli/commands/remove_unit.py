"""remove-unit: remove units from an application."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("application")
@click.option("--num-units", "-n", type=int, default=0, help="The number of units to remove.")
@click.option("--no-prompt", is_flag=True, expose_value=False, help="Do not ask, which paas-local never does.")
@click.option("--destroy-storage", is_flag=True, expose_value=False, help="Remove the storage, which is always done.")
@ignored_options("--force", is_flag=True)
@model_option
def remove_unit(application: str, num_units: int, model: str) -> None:
    """Remove the units with the highest numbers from an application."""
    if "/" in application:
        raise click.ClickException(
            "k8s models do not support removing named units.\nInstead specify an application with --num-units."
        )
    if num_units <= 0:
        raise click.ClickException("specify the number of units (> 0) to remove using --num-units")
    session.request("remove-unit", model=session.chosen_model(model), application=application, units=num_units)
    output.say(f"scaling down by {num_units} units")
