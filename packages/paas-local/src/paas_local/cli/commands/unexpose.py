"""unexpose: mark an application as not exposed."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("application")
@ignored_options("--endpoints")
@model_option
def unexpose(application: str, model: str) -> None:
    """Mark an application as not exposed; its ports stay published on this machine."""
    session.request("expose", model=session.chosen_model(model), application=application, exposed=False)
