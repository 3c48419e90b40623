"""resolved: retry failed hooks."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("units", nargs=-1, metavar="UNIT...")
@click.option("--no-retry", is_flag=True, help="Count the failed hook as done.")
@model_option
def resolved(units: tuple[str, ...], model: str, *, no_retry: bool) -> None:
    """Retry the failed hooks of units."""
    if not units:
        raise click.UsageError("no unit specified")
    for unit in units:
        session.request("resolved", model=session.chosen_model(model), unit=unit, retry=not no_retry)
