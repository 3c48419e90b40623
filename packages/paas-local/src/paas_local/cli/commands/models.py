"""Verbs about models."""

import sys

import click

from paas_local.cli import progress, tables
from paas_local.cli.commands import command
from paas_local.cli.commands.command import Verb

_GONE_PATIENCE = 600.0


@click.command("add-model", cls=Verb)
@click.argument("name")
@click.argument("cloud", required=False)
@click.option("--no-switch", is_flag=True, help="Leave the current model as it is.")
@click.option("--config", multiple=True, metavar="KEY=VALUE")
@click.option("--controller", "-c", hidden=True)
@click.option("--credential", hidden=True)
def add_model(
    name: str,
    cloud: str | None,
    config: tuple[str, ...],
    controller: str | None,
    credential: str | None,
    *,
    no_switch: bool,
) -> None:
    """Make a model, an empty place for applications."""
    del cloud, controller, credential
    values = command.values(config)
    command.ask("add-model", model=name)
    if values:
        command.ask("model-config", model=name, values=values)
    if not no_switch:
        command.make_current(name)
    command.say(f"Added '{name}' model on local/localhost with credential 'local' for user 'admin'")


@click.command("models", cls=Verb)
@command.format_option("tabular", "json", "yaml")
def models(shape: str) -> None:
    """List the models."""
    names: list[str] = sorted(command.ask("models")["models"])
    current = command.current_model()
    if shape != "tabular":
        entries = [{"name": f"admin/{name}", "short-name": name, "model-type": "caas"} for name in names]
        command.show({"models": entries, "current-model": current}, shape)
        return
    click.echo("Model")
    for name in names:
        click.echo(name + ("*" if name == current else ""))


@click.command("switch", cls=Verb)
@click.argument("model", required=False)
def switch(model: str | None) -> None:
    """Show the current model, or choose another."""
    before = command.current_model()
    if model is None:
        if not before:
            raise click.ClickException("no model is selected; choose one with: paas-local switch NAME")
        click.echo(f"local:admin/{before}")
        return
    name = command.short(model)
    if name not in command.ask("models")["models"]:
        raise click.ClickException(f"model local:admin/{name} not found")
    command.make_current(name)
    say = f"local:admin/{before} -> local:admin/{name}" if before and before != name else f"local:admin/{name}"
    click.echo(say)


@click.command("destroy-model", cls=Verb)
@click.argument("name")
@click.option("--no-prompt", "-y", is_flag=True, help="Do not ask for the model's name again.")
@click.option("--destroy-storage", is_flag=True, hidden=True)
@click.option("--release-storage", is_flag=True, hidden=True)
@click.option("--force", is_flag=True, hidden=True)
@click.option("--no-wait", is_flag=True, hidden=True)
@click.option("--timeout", "-t", hidden=True)
def destroy_model(
    name: str,
    timeout: str | None,
    *,
    no_prompt: bool,
    destroy_storage: bool,
    release_storage: bool,
    force: bool,
    no_wait: bool,
) -> None:
    """End all of a model's applications and forget it, their data included."""
    del timeout, destroy_storage, release_storage, force, no_wait
    model = command.short(name)
    if model not in command.ask("models")["models"]:
        raise click.ClickException(f"model local:admin/{model} not found")
    if not no_prompt:
        _confirm(model)
    command.say("Destroying model")
    with progress.steps() as steps:
        steps("Waiting for model to be removed")
        command.daemon(steps).ask("destroy-model", patience=_GONE_PATIENCE, model=model)
    if command.current_model() == model:
        command.make_current("")
    command.say("Model destroyed.")


@click.command("model-config", cls=Verb)
@click.argument("words", nargs=-1, metavar="[KEY | KEY=VALUE...]")
@click.option("--reset", multiple=True, metavar="KEY,...")
@command.format_option("tabular", "json", "yaml")
@command.model_option
def model_config(words: tuple[str, ...], reset: tuple[str, ...], shape: str, model: str) -> None:
    """Show or set the settings of a model, such as update-status-hook-interval."""
    name = command.the_model(model)
    settings = [word for word in words if "=" in word]
    if settings or reset:
        changes = {"values": command.values(settings), "reset": command.comma_separated(reset)}
        command.ask("model-config", model=name, **changes)
        return
    document = command.ask("model-config", model=name)
    if words:
        if words[0] not in document:
            raise click.ClickException(f'key "{words[0]}" not found in "{name}" model.')
        click.echo(document[words[0]]["Value"])
    elif shape == "tabular":
        columns = [tables.Column(name=name) for name in ("Attribute", "From", "Value")]
        rows = [(key, setting["Source"], str(setting["Value"])) for key, setting in sorted(document.items())]
        click.echo("\n".join(tables.table(columns, rows)))
    else:
        command.show(document, shape)


def _confirm(model: str) -> None:
    if not sys.stdin.isatty():
        raise click.ClickException(f"destroying a model has to be confirmed: add --no-prompt to destroy {model}")
    command.say(f'This ends every application of the model "{model}" and deletes its data.')
    if click.prompt("To continue, enter the name of the model", err=True) != model:
        raise click.ClickException("that is another name; nothing was destroyed")
