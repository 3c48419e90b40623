"""destroy-model: remove a model with everything in it."""

import sys

import click

from paas_local.cli import output, progress, session
from paas_local.cli.juju_click import ignored_options, juju_command

_PATIENCE = 600.0


@juju_command
@click.argument("name")
@click.option("--no-prompt", "-y", is_flag=True, help="Do not ask for the model's name again.")
@click.option("--destroy-storage", is_flag=True, expose_value=False, help="Remove the storage, which is always done.")
@click.option("--force", is_flag=True, help="Do not run the hooks of the units, which is faster.")
@ignored_options("--timeout/-t")
@ignored_options("--no-wait", "--release-storage", is_flag=True)
def destroy_model(name: str, *, no_prompt: bool, force: bool) -> None:
    """Destroy a model, its applications and their data."""
    model = session.existing_model(name)
    if not no_prompt:
        _confirm(model)
    output.say("Destroying model")
    with progress.steps() as steps:
        steps("Waiting for model to be removed")
        session.connect(steps).request("destroy-model", patience=_PATIENCE, model=model, force=force)
    if session.current_model() == model:
        session.set_current_model("")
    output.say("Model destroyed.")


def _confirm(model: str) -> None:
    if not sys.stdin.isatty():
        raise click.ClickException(f"destroying a model must be confirmed: add --no-prompt to destroy {model}")
    output.say(f'This destroys the model "{model}", its applications and their data.')
    if click.prompt("To continue, enter the name of the model", err=True) != model:
        raise click.ClickException("the name differs; nothing was destroyed")
