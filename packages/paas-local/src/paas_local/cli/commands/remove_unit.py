"""remove-unit: remove units from an application."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("application")
@click.option("--num-units", "-n", type=int, default=0)
@click.option("--no-prompt", is_flag=True, hidden=True)
@click.option("--force", is_flag=True, hidden=True)
@click.option("--destroy-storage", is_flag=True, hidden=True)
@model_option
def remove_unit(
    application: str, num_units: int, model: str, *, no_prompt: bool, force: bool, destroy_storage: bool
) -> None:
    """Remove the units with the highest numbers from an application."""
    del no_prompt, force, destroy_storage
    if "/" in application:
        raise click.ClickException(
            "k8s models do not support removing named units.\nInstead specify an application with --num-units."
        )
    if num_units <= 0:
        raise click.ClickException("specify the number of units (> 0) to remove using --num-units")
    session.request("remove-unit", model=session.chosen_model(model), application=application, units=num_units)
    output.say(f"scaling down by {num_units} units")
