"""add-secret: add a user secret."""

import click

from paas_local.cli import secret_content, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("name")
@click.argument("words", nargs=-1, metavar="KEY=VALUE...")
@click.option("--file", metavar="FILE", help="Take keys and values from a YAML file.")
@click.option("--info", default="", help="A description of the secret.")
@model_option
def add_secret(name: str, words: tuple[str, ...], file: str | None, info: str, model: str) -> None:
    """Add a secret and print its URI."""
    content = secret_content.parse(words, file)
    if not content:
        raise click.UsageError("missing secret value or filename")
    uri = session.request("add-secret", model=session.chosen_model(model), name=name, content=content, info=info)
    click.echo(uri)
