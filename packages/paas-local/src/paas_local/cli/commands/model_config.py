"""model-config: show or set a model's options."""

import click

from paas_local.cli import arguments, model_options, output, session, tables
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("words", nargs=-1, metavar="[KEY | KEY=VALUE...]")
@click.option("--reset", multiple=True, metavar="KEY,...", help="Reset options to their defaults.")
@format_option("tabular", "json", "yaml")
@model_option
def model_config(words: tuple[str, ...], reset: tuple[str, ...], output_format: str, model: str) -> None:
    """Show or set a model's options, such as update-status-hook-interval."""
    name = session.chosen_model(model)
    settings = [word for word in words if "=" in word]
    if settings or reset:
        values, keys = arguments.options(settings), arguments.comma_separated(reset)
        model_options.warn_unknown([*values, *keys], session.request("model-config", model=name))
        changes = {"values": values, "reset": keys}
        session.request("model-config", model=name, **changes)
        return
    document = session.request("model-config", model=name)
    if words:
        if words[0] not in document:
            raise click.ClickException(f'key "{words[0]}" not found in "{name}" model.')
        click.echo(output.text(document[words[0]]["Value"]))
    elif output_format == "tabular":
        columns = [tables.Column(name=name) for name in ("Attribute", "From", "Value")]
        rows = [(key, setting["Source"], output.text(setting["Value"])) for key, setting in sorted(document.items())]
        click.echo("\n".join(tables.table(columns, rows)))
    else:
        output.show(document, output_format)
