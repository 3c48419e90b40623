"""integrate: relate two applications."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("endpoints", nargs=-1, metavar="APP[:ENDPOINT] APP[:ENDPOINT]")
@click.option("--via", hidden=True)
@model_option
def integrate(endpoints: tuple[str, ...], via: str | None, model: str) -> None:
    """Integrate two applications."""
    del via
    ends = arguments.relation_ends(endpoints)
    session.request("integrate", model=session.chosen_model(model), endpoints=ends)
