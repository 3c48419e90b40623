"""add-model: add a model."""

import click

from paas_local.cli import arguments, model_options, output, session, test_models
from paas_local.cli.juju_click import ignored_options, juju_command

_CLOUDS = ("local", "localhost", "local/localhost")


@juju_command
@click.argument("name")
@click.argument("cloud", required=False)
@click.option("--no-switch", is_flag=True, help="Keep the current model.")
@click.option(
    "--config", multiple=True, metavar="KEY=VALUE", help="Set an option of the model, such as agent-version=4.0.1."
)
@ignored_options("--controller/-c", "--credential")
def add_model(name: str, cloud: str | None, config: tuple[str, ...], *, no_switch: bool) -> None:
    """Add a model and make it the current one."""
    if cloud and cloud not in _CLOUDS:
        output.warn_ignored(f'the cloud "{cloud}"')
    values = arguments.options(config)
    added = session.request("add-model", model=name, values=values)
    test_models.record(name)
    if values:
        model_options.warn_unknown(values, added["options"])
    if not no_switch:
        session.set_current_model(name)
    output.say(f"Added '{name}' model on local/localhost with credential 'local' for user 'admin'")
