"""show-storage: show storage with its units."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("names", nargs=-1, required=True, metavar="STORAGE...")
@format_option("yaml", "json")
@model_option
def show_storage(names: tuple[str, ...], output_format: str, model: str) -> None:
    """Show storage by its id, such as data/0: its status, and where the unit has it."""
    storages = session.query("status", model=session.chosen_model(model))["storage"].get("storage", {})
    for name in names:
        if name not in storages:
            raise click.ClickException(f'storage "{name}" not found; see: paas-local storage')
    output.show({name: storages[name] for name in names}, output_format)
