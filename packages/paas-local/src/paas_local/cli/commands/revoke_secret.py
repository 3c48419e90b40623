"""revoke-secret: revoke the grants of a user secret."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("secret")
@click.argument("applications", nargs=-1, required=True, metavar="APP,...")
@model_option
def revoke_secret(secret: str, applications: tuple[str, ...], model: str) -> None:
    """Revoke the grants of a secret to applications."""
    names = arguments.comma_separated(applications)
    session.request("revoke-secret", model=session.chosen_model(model), secret=secret, applications=names)
