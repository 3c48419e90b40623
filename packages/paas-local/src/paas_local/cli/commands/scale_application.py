"""scale-application: set the number of an application's units."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("application")
@click.argument("scale", metavar="NUMBER")
@model_option
def scale_application(application: str, scale: str, model: str) -> None:
    """Add or remove units until an application has this number."""
    if not scale.isdecimal():
        raise click.UsageError(f'invalid scale "{scale}": expected a number')
    session.request("scale-application", model=session.chosen_model(model), application=application, units=int(scale))
    output.say(f"{application} scaled to {scale} units")
