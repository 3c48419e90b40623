"""integrate: relate two applications."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("endpoints", nargs=-1, metavar="APP[:ENDPOINT] APP[:ENDPOINT]")
@ignored_options("--via")
@model_option
def integrate(endpoints: tuple[str, ...], model: str) -> None:
    """Integrate two applications."""
    ends = arguments.relation_ends(endpoints)
    session.request("integrate", model=session.chosen_model(model), endpoints=ends)
