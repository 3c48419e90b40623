"""trust: trust an application."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("application")
@click.option("--remove", is_flag=True, help="Trust the application no longer.")
@click.option("--scope", metavar="SCOPE", default="", help="Must be cluster.")
@model_option
def trust(application: str, scope: str, model: str, *, remove: bool) -> None:
    """Set the trust of an application, which only its charm and its options show: this machine has no cluster."""
    if not remove and scope != "cluster":
        raise click.ClickException(
            "'juju trust' currently grants full access to the cluster itself.\n"
            "Set the scope to 'cluster' using '--scope=cluster' to confirm this choice."
        )
    session.request("trust", model=session.chosen_model(model), application=application, trust=not remove)
