"""show-secret: show one secret; its content only with ``--reveal``."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("secret")
@click.option("--reveal", is_flag=True, help="Show the content.")
@click.option("--revisions", is_flag=True, help="Show all revisions.")
@click.option(
    "--revision", "-r", type=click.IntRange(min=1), metavar="NUMBER", help="Show the content of this revision."
)
@format_option("yaml", "json")
@model_option
def show_secret(
    secret: str, revision: int | None, output_format: str, model: str, *, reveal: bool, revisions: bool
) -> None:
    """Show a secret."""
    if reveal and revisions:
        raise click.UsageError("specify either --revisions or --reveal but not both")
    if revision and revisions:
        raise click.UsageError("specify either --revisions or --revision but not both")
    body = {"reveal": reveal, "revisions": revisions, "revision": revision}
    document = session.query("show-secret", model=session.chosen_model(model), secret=secret, **body)
    output.show(document, output_format)
