"""suspend-relation: suspend relations to offers."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("relations", nargs=-1, metavar="ID...")
@click.option("--message", default="", help="The reason, which status shows.")
@model_option
def suspend_relation(relations: tuple[str, ...], message: str, model: str) -> None:
    """Suspend relations to offers of the model, until resume-relation; offers lists their ids."""
    numbers = arguments.relation_ids(relations)
    session.request("suspend-relation", model=session.chosen_model(model), relations=numbers, message=message)
