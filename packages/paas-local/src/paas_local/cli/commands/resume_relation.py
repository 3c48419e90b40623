"""resume-relation: resume suspended relations."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("relations", nargs=-1, metavar="ID...")
@model_option
def resume_relation(relations: tuple[str, ...], model: str) -> None:
    """Resume suspended relations to offers of the model."""
    numbers = arguments.relation_ids(relations)
    session.request("resume-relation", model=session.chosen_model(model), relations=numbers)
