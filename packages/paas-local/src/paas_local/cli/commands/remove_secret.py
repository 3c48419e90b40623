"""remove-secret: remove a user secret."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("secret")
@click.option("--revision", "-r", type=int, help="Remove only this revision.")
@model_option
def remove_secret(secret: str, revision: int | None, model: str) -> None:
    """Remove a secret, or one revision of it."""
    session.request("remove-secret", model=session.chosen_model(model), secret=secret, revision=revision)
