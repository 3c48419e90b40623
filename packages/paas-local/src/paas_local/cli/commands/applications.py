"""Verbs about applications, their options and what they are integrated with."""

import re
from collections.abc import Sequence

import click

from paas_local.cli.commands import command
from paas_local.cli.commands.command import Verb


@click.command("integrate", cls=Verb)
@click.argument("endpoints", nargs=-1, metavar="APP[:ENDPOINT] APP[:ENDPOINT]")
@click.option("--via", hidden=True)
@command.model_option
def integrate(endpoints: tuple[str, ...], via: str | None, model: str) -> None:
    """Let two applications work together."""
    del via
    command.ask("integrate", model=command.the_model(model), endpoints=_two(endpoints))


@click.command("remove-relation", cls=Verb)
@click.argument("endpoints", nargs=-1, metavar="APP[:ENDPOINT] APP[:ENDPOINT]")
@click.option("--force", is_flag=True, hidden=True)
@command.model_option
def remove_relation(endpoints: tuple[str, ...], model: str, *, force: bool) -> None:
    """End what integrate began."""
    del force
    command.ask("remove-relation", model=command.the_model(model), endpoints=_two(endpoints))


@click.command("config", cls=Verb)
@click.argument("application")
@click.argument("words", nargs=-1, metavar="[KEY | KEY=VALUE...]")
@click.option("--reset", multiple=True, metavar="KEY,...", help="Back to the default.")
@click.option("--file", "file", metavar="FILE", help="Options from a YAML file.")
@command.format_option("yaml", "json")
@command.model_option
def config(
    application: str, words: tuple[str, ...], reset: tuple[str, ...], file: str | None, shape: str, model: str
) -> None:
    """Show or set an application's options."""
    name = command.the_model(model)
    settings = [word for word in words if "=" in word]
    keys = [word for word in words if "=" not in word]
    if settings or reset or file:
        if keys:
            raise click.UsageError("cannot set and retrieve configuration values simultaneously")
        values = {**(command.options_in(file, application) if file else {}), **command.values(settings)}
        changes = {"values": values, "reset": command.comma_separated(reset)}
        command.ask("config-set", model=name, application=application, **changes)
        return
    if len(keys) > 1:
        raise click.UsageError("can only retrieve a single value, or all values")
    document = command.ask("config-get", model=name, application=application)
    if not keys:
        command.show(document, shape)
        return
    known = {**document.get("application-config", {}), **document.get("settings", {})}
    if keys[0] not in known:
        raise click.ClickException(
            f'key "{keys[0]}" not found in "{application}" application config or charm settings.'
        )
    click.echo(_text(known[keys[0]].get("value", "")))


@click.command("add-unit", cls=Verb)
@click.argument("application")
@click.option("--num-units", "-n", type=click.IntRange(min=1), default=1)
@click.option("--to", hidden=True)
@click.option("--attach-storage", hidden=True)
@command.model_option
def add_unit(application: str, num_units: int, to: str | None, attach_storage: str | None, model: str) -> None:
    """Run more units of an application."""
    del to, attach_storage
    command.ask("add-unit", model=command.the_model(model), application=application, units=num_units)


@click.command("remove-unit", cls=Verb)
@click.argument("application")
@click.option("--num-units", "-n", type=int, default=0)
@click.option("--no-prompt", is_flag=True, hidden=True)
@click.option("--force", is_flag=True, hidden=True)
@click.option("--destroy-storage", is_flag=True, hidden=True)
@command.model_option
def remove_unit(
    application: str, num_units: int, model: str, *, no_prompt: bool, force: bool, destroy_storage: bool
) -> None:
    """Run fewer units of an application; the ones with the highest numbers end."""
    del no_prompt, force, destroy_storage
    if "/" in application:
        raise click.ClickException(
            "k8s models do not support removing named units.\nInstead specify an application with --num-units."
        )
    if num_units <= 0:
        raise click.ClickException("specify the number of units (> 0) to remove using --num-units")
    command.ask("remove-unit", model=command.the_model(model), application=application, units=num_units)
    command.say(f"scaling down by {num_units} units")


@click.command("remove-application", cls=Verb)
@click.argument("applications", nargs=-1, metavar="APP...")
@click.option("--no-prompt", is_flag=True, hidden=True)
@click.option("--force", is_flag=True, help="Without waiting for hooks.")
@click.option("--destroy-storage", is_flag=True, hidden=True)
@command.model_option
def remove_application(
    applications: tuple[str, ...], model: str, *, no_prompt: bool, force: bool, destroy_storage: bool
) -> None:
    """End applications, their units and what they are integrated with."""
    del no_prompt, destroy_storage
    if not applications:
        raise click.UsageError("no application specified")
    name = command.the_model(model)
    before = command.ask("status", model=name).get("applications", {})
    for application in applications:
        if application not in before:
            raise click.ClickException(
                f'removing application {application} failed: application "{application}" not found'
            )
    command.ask("remove-application", model=name, applications=list(applications), force=force)
    for application in applications:
        click.echo(f"will remove application {application}")
        for unit in sorted(before[application].get("units", {})):
            click.echo(f"- will remove unit {unit}")


@click.command("resolved", cls=Verb)
@click.argument("units", nargs=-1, metavar="UNIT...")
@click.option("--no-retry", is_flag=True, help="Go on as if the failed hook had succeeded.")
@command.model_option
def resolved(units: tuple[str, ...], model: str, *, no_retry: bool) -> None:
    """Run a unit's failed hook again."""
    if not units:
        raise click.UsageError("no unit specified")
    for unit in units:
        command.ask("resolved", model=command.the_model(model), unit=unit, retry=not no_retry)


def _two(endpoints: Sequence[str]) -> list[str]:
    if len(endpoints) != 2:  # noqa: PLR2004 - a relation has two ends
        raise click.UsageError("an integration must involve two applications")
    for endpoint in endpoints:
        if not re.fullmatch(r"[a-z][a-z0-9-]*(:[A-Za-z0-9_-]+)?", endpoint):
            raise click.UsageError(f'"{endpoint}" is not an application or application:endpoint')
    return list(endpoints)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
