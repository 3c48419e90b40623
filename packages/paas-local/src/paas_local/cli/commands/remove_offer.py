"""remove-offer: remove offers."""

import sys

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import ignored_options, juju_command, model_option


@juju_command
@click.argument("offers", nargs=-1, metavar="[[OWNER/]MODEL.]OFFER...")
@click.option("--force", is_flag=True, help="Remove the relations to the offers too.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask before --force removes relations.")
@ignored_options("--controller/-c")
@model_option
def remove_offer(offers: tuple[str, ...], model: str, *, force: bool, yes: bool) -> None:
    """Remove offers."""
    if not offers:
        raise click.UsageError("no offers specified")
    if force and not yes:
        _confirm(offers)
    session.request("remove-offer", offers=offers, model=session.model_of_offers(offers, model), force=force)


def _confirm(offers: tuple[str, ...]) -> None:
    output.say(f"WARNING! This command will remove offers: {', '.join(offers)}")
    output.say("This includes all relations to those offers.")
    if not sys.stdin.isatty():
        raise click.ClickException("the removal of relations must be confirmed: add --yes")
    if not click.confirm("Continue", err=True):
        raise click.ClickException("offer removal: aborted")
