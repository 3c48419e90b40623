"""config: show or set an application's options."""

import click

from paas_local.cli import arguments, built_in_charms, output, session
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.argument("application")
@click.argument("words", nargs=-1, metavar="[KEY | KEY=VALUE...]")
@click.option("--reset", multiple=True, metavar="KEY,...", help="Reset options to their defaults.")
@click.option("--file", "file", metavar="FILE", help="Set the options in a YAML file.")
@format_option("yaml", "json")
@model_option
def config(
    application: str, words: tuple[str, ...], reset: tuple[str, ...], file: str | None, output_format: str, model: str
) -> None:
    """Show or set an application's options."""
    name = session.chosen_model(model)
    settings = [word for word in words if "=" in word]
    keys = [word for word in words if "=" not in word]
    if settings or reset or file:
        if keys:
            raise click.UsageError("cannot set and retrieve configuration values simultaneously")
        values = {
            **(arguments.options_in_file(file, application) if file else {}),
            **arguments.options(settings),
        }
        resets = arguments.comma_separated(reset)
        shown = session.query("config-get", model=name, application=application)
        ignored = built_in_charms.without_effect(shown["charm"], shown["settings"], (*values, *resets))
        changes = {
            "values": {key: value for key, value in values.items() if key not in ignored},
            "reset": [key for key in resets if key not in ignored],
        }
        session.request("config-set", model=name, application=application, **changes)
        return
    if len(keys) > 1:
        raise click.UsageError("can only retrieve a single value, or all values")
    document = session.query("config-get", model=name, application=application)
    if not keys:
        output.show(document, output_format)
        return
    entries = {**document.get("application-config", {}), **document.get("settings", {})}
    if keys[0] not in entries:
        raise click.ClickException(
            f'key "{keys[0]}" not found in "{application}" application config or charm settings.'
        )
    click.echo(output.text(entries[keys[0]].get("value", "")))
