"""The verbs that show how a model is: status, url."""

import time
from collections.abc import Mapping
from typing import Any

import click

from paas_local.cli import progress, tables
from paas_local.cli.commands import command
from paas_local.cli.commands.command import Verb

_COLOURS = {
    "active": "green",
    "idle": "green",
    "attached": "green",
    "blocked": "red",
    "error": "red",
    "failed": "red",
    "lost": "red",
    "waiting": "yellow",
    "maintenance": "yellow",
    "executing": "cyan",
    "allocating": "cyan",
}


@click.command("status", cls=Verb)
@click.argument("names", nargs=-1, metavar="[APP | UNIT]...")
@command.format_option("tabular", "json", "yaml")
@click.option("--relations", is_flag=True, help="With the integrations.")
@click.option("--integrations", is_flag=True, hidden=True)
@click.option("--storage", is_flag=True, help="With the storage.")
@click.option("--color", is_flag=True, help="With colours, whatever stdout is.")
@click.option("--watch", metavar="TIME", help="Show it again each TIME, as 1s, until Ctrl-C.")
@command.model_option
def status(
    names: tuple[str, ...],
    shape: str,
    watch: str | None,
    model: str,
    *,
    relations: bool,
    integrations: bool,
    storage: bool,
    color: bool,
) -> None:
    """Show the applications of a model, their units, and where they answer."""
    name = command.the_model(model)
    colour = True if color else None

    def once() -> tuple[str, str]:
        with progress.steps() as steps:
            answer = command.daemon(steps).answer("status", model=name)
        document = tables.only(answer["result"], names) if names else answer["result"]
        if shape != "tabular":
            return command.written(document, shape), ""
        picture = tables.status(
            document,
            published=_published(answer, document),
            integrations=answer.get("integrations", ()) if relations or integrations else (),
            storage=storage,
            paint=dict.fromkeys(("Status", "Workload", "Agent"), _paint),
        )
        return picture, f'Model "admin/{name}" is empty.' if tables.is_empty(document) else ""

    if not watch:
        picture, remark = once()
        click.echo(picture, nl=False, color=colour)
        if remark:
            command.say(remark)
        return
    pause = command.seconds(watch, "--watch")
    while True:
        picture, _ = once()
        click.clear()
        click.echo(picture, nl=False, color=colour)
        time.sleep(pause)


@click.command("url", cls=Verb)
@click.argument("application", required=False)
@command.model_option
def url(application: str | None, model: str) -> None:
    """Print where an application answers on this machine."""
    with progress.steps() as steps:
        answer = command.daemon(steps).answer("status", model=command.the_model(model))
    published: Mapping[str, list[str]] = answer.get("published", {})
    if application and application not in answer["result"].get("applications", {}):
        raise click.ClickException(f'application "{application}" not found')
    urls = [url for name, urls in published.items() if application in {None, name} for url in urls]
    unreachable: Mapping[str, str] = answer.get("unreachable", {})
    if why := next((why for name, why in unreachable.items() if not urls and application in {None, name}), None):
        raise click.ClickException(why)
    if not urls:
        subject = f'application "{application}"' if application else "the model"
        raise click.ClickException(f"{subject} has no open port yet; see: paas-local status")
    for line in urls:
        click.echo(line)


def _published(answer: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, list[str]]:
    published: Mapping[str, list[str]] = answer.get("published", {})
    return {name: urls for name, urls in published.items() if name in document.get("applications", {})}


def _paint(cell: str) -> str:
    return click.style(cell, fg=_COLOURS.get(cell.strip()))
