"""logs: show the output of an application."""

import click

from paas_local.cli import service_lines, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("names", nargs=-1, required=True, metavar="APP|UNIT...")
@click.option("--follow", "-f", is_flag=True, help="Wait for new lines, until Ctrl-C.")
@click.option(
    "--lines", "-n", type=click.IntRange(min=0), default=30, show_default=True, help="The older lines to show."
)
@click.option("--all", "every", is_flag=True, help="Show all older lines.")
@model_option
def logs(names: tuple[str, ...], lines: int, model: str, *, follow: bool, every: bool) -> None:
    """Show what the services of applications and units print: access lines, tracebacks, prints.

    The log of the charms is another one; see debug-log.
    """
    count = -1 if every else lines
    for line in session.stream("logs", model=session.chosen_model(model), names=names, lines=count, follow=follow):
        click.echo(service_lines.text(line))
