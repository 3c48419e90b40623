"""remove-saas: remove consumed offers."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("names", nargs=-1, metavar="SAAS...")
@ignored_options("--force", "--no-wait", is_flag=True)
@model_option
def remove_saas(names: tuple[str, ...], model: str) -> None:
    """Remove consumed offers (SAAS) and the relations to them."""
    if not names:
        raise click.UsageError("no SAAS application names specified")
    session.request("remove-saas", model=session.chosen_model(model), names=names)
