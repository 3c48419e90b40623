"""models: list the models."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import format_option, juju_command


@juju_command
@format_option("tabular", "json", "yaml")
def models(output_format: str) -> None:
    """List the models."""
    names: list[str] = sorted(session.query("models")["models"])
    current = session.current_model()
    if output_format != "tabular":
        entries = [session.query("show-model", model=name)[name] for name in names]
        output.show({"models": entries, "current-model": current}, output_format)
        return
    click.echo("Model")
    for name in names:
        click.echo(name + ("*" if name == current else ""))
