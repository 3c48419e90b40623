"""integrate: relate two applications."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("endpoints", nargs=-1, metavar="APP[:ENDPOINT] APP[:ENDPOINT] | MODEL.OFFER[:ENDPOINT]")
@ignored_options("--via")
@model_option
def integrate(endpoints: tuple[str, ...], model: str) -> None:
    """Integrate two applications; an offer of another model is consumed under its own name."""
    ends = arguments.relation_ends(endpoints)
    session.request("integrate", model=session.chosen_model(model), endpoints=ends)
