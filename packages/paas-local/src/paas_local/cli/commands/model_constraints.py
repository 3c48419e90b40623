"""model-constraints: show a model's constraints."""

import click

from paas_local.cli import output, session
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@format_option("constraints", "json", "yaml")
@model_option
def model_constraints(output_format: str, model: str) -> None:
    """Show the constraints of a model, which have no effect on one machine."""
    values = session.query("model-constraints", model=session.chosen_model(model))
    if output_format != "constraints":
        output.show(values, output_format)
    elif values:
        click.echo(" ".join(f"{name}={_text(name, value)}" for name, value in sorted(values.items())))


def _text(name: str, value: str | int | list[str]) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return f"{value}M" if name in {"mem", "root-disk"} else str(value)
