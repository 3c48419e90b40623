"""expose: mark an application as exposed."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("application")
@ignored_options("--endpoints", "--to-spaces", "--to-cidrs")
@model_option
def expose(application: str, model: str) -> None:
    """Mark an application as exposed; its ports are published on this machine anyway."""
    session.request("expose", model=session.chosen_model(model), application=application, exposed=True)
