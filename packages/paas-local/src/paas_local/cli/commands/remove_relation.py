"""remove-relation: remove the relation between two applications."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("endpoints", nargs=-1, metavar="APP[:ENDPOINT] APP[:ENDPOINT]")
@click.option("--force", is_flag=True, hidden=True)
@model_option
def remove_relation(endpoints: tuple[str, ...], model: str, *, force: bool) -> None:
    """Remove the relation between two applications."""
    del force
    ends = arguments.relation_ends(endpoints)
    session.request("remove-relation", model=session.chosen_model(model), endpoints=ends)
