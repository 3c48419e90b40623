"""add-model: add a model."""

import click

from paas_local.cli import arguments, output, session
from paas_local.cli.juju_click import juju_command


@juju_command
@click.argument("name")
@click.argument("cloud", required=False)
@click.option("--no-switch", is_flag=True, help="Keep the current model.")
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
    """Add a model and make it the current one."""
    del cloud, controller, credential
    values = arguments.options(config)
    session.request("add-model", model=name)
    if values:
        session.request("model-config", model=name, values=values)
    if not no_switch:
        session.set_current_model(name)
    output.say(f"Added '{name}' model on local/localhost with credential 'local' for user 'admin'")
