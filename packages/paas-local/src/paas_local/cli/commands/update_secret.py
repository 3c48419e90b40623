"""update-secret: change a user secret."""

import click

from paas_local.cli import secret_content, session
from paas_local.cli.juju_click import juju_command, model_option


@juju_command
@click.argument("secret")
@click.argument("words", nargs=-1, metavar="KEY=VALUE...")
@click.option("--file", metavar="FILE", help="Take keys and values from a YAML file.")
@click.option("--info", help="The new description of the secret.")
@click.option("--name", "new_name", help="The new name of the secret.")
@click.option(
    "--auto-prune/--no-auto-prune", default=None, help="Remove the revisions that no unit reads any more, or keep them."
)
@model_option
def update_secret(
    secret: str,
    words: tuple[str, ...],
    file: str | None,
    info: str | None,
    new_name: str | None,
    model: str,
    *,
    auto_prune: bool | None,
) -> None:
    """Change the content, the description or the name of a secret."""
    changes = {
        "content": secret_content.parse(words, file) or None,
        "info": info,
        "name": new_name,
        "auto_prune": auto_prune,
    }
    body = {key: value for key, value in changes.items() if value is not None}
    session.request("update-secret", model=session.chosen_model(model), secret=secret, **body)
