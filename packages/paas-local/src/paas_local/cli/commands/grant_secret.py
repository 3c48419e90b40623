"""grant-secret: grant applications a user secret."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("secret")
@click.argument("applications", nargs=-1, required=True, metavar="APP,...")
@model_option
def grant_secret(secret: str, applications: tuple[str, ...], model: str) -> None:
    """Grant applications a secret."""
    names = arguments.comma_separated(applications)
    session.request("grant-secret", model=session.chosen_model(model), secret=secret, applications=names)
