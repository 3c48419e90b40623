"""consume: add an offer of another model to a model."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import juju_command, model_option
from paas_local.juju.names import APPLICATION_NAME


@juju_command
@click.argument("offer", metavar="[CONTROLLER:][OWNER/]MODEL.OFFER")
@click.argument("alias", required=False)
@model_option
def consume(offer: str, alias: str | None, model: str) -> None:
    """Add an offer of another model to a model, under ALIAS or its own name; integrate then relates to it."""
    if alias and not APPLICATION_NAME.fullmatch(alias):
        raise click.UsageError(f'invalid application name "{alias}"')
    consumed = session.request("consume", model=session.chosen_model(model), offer=offer, alias=alias or "")
    output.say(f"Added {consumed['url']} as {consumed['name']}")
