"""switch: show or change the current model."""

import click

from paas_local.cli import session
from paas_local.cli.juju_click import juju_command


@juju_command
@click.argument("model", required=False)
def switch(model: str | None) -> None:
    """Show or change the current model."""
    before = session.current_model()
    if model is None:
        if not before:
            raise click.ClickException("no model is selected; select one with: paas-local switch NAME")
        click.echo(f"local:admin/{before}")
        return
    name = session.existing_model(model)
    session.set_current_model(name)
    click.echo(f"local:admin/{before} -> local:admin/{name}" if before and before != name else f"local:admin/{name}")
