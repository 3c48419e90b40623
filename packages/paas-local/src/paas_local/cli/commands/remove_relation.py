"""remove-relation: remove the relation between two applications."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("endpoints", nargs=-1, metavar="APP[:ENDPOINT] APP[:ENDPOINT] | ID")
@ignored_options("--force", is_flag=True)
@model_option
def remove_relation(endpoints: tuple[str, ...], model: str) -> None:
    """Remove the relation between two applications."""
    is_id = len(endpoints) == 1 and endpoints[0].isdecimal()
    ends = list(endpoints) if is_id else arguments.relation_ends(endpoints)
    session.request("remove-relation", model=session.chosen_model(model), endpoints=ends)
