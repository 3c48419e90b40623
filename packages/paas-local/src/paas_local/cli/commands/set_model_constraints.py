"""set-model-constraints: set a model's constraints."""

import click

from paas_local.cli import arguments, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("words", nargs=-1, metavar="NAME=VALUE...")
@model_option
def set_model_constraints(words: tuple[str, ...], model: str) -> None:
    """Replace the constraints of a model; they are shown, and have no effect on one machine."""
    values = arguments.pairs([part for word in words for part in word.split()], what="constraints")
    session.request("set-model-constraints", model=session.chosen_model(model), values=values)
