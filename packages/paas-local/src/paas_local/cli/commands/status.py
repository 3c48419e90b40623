"""status: show a model."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from paas_local.cli import arguments, output, progress, session, status_filter, tables
from paas_local.cli.juju_click import format_option, juju_command, model_option

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


@juju_command
@click.argument("patterns", nargs=-1, metavar="[APP | UNIT | STATUS | PORT | exposed]...")
@format_option("tabular", "json", "yaml")
@click.option("--relations", "--integrations", is_flag=True, help="Show the relations.")
@click.option("--storage", is_flag=True, help="Show the storage.")
@click.option("--color", is_flag=True, help="Use colours even if stdout is not a terminal.")
@click.option("--watch", metavar="TIME", help="Repeat every TIME, such as 1s, until Ctrl-C.")
@model_option
def status(
    patterns: tuple[str, ...],
    output_format: str,
    watch: str | None,
    model: str,
    *,
    relations: bool,
    storage: bool,
    color: bool,
) -> None:
    """Show the applications of a model, their units and their URLs."""
    name = session.chosen_model(model)
    colour = True if color else None

    def once() -> tuple[str, str]:
        with progress.steps() as steps:
            answer = session.connect(steps).query_answer("status", model=name)
        document = status_filter.selected(answer["result"], patterns) if patterns else answer["result"]
        remark = _remark(name, document, patterns)
        if output_format != "tabular":
            return output.formatted(document, output_format), remark
        picture = tables.status(
            document,
            published=_published(answer, document),
            integrations=_integrations(answer, document) if relations else (),
            storage=storage,
            paint=dict.fromkeys(("Status", "Workload", "Agent"), _paint),
        )
        return picture, remark

    if not watch:
        picture, remark = once()
        click.echo(picture, nl=False, color=colour)
        if remark:
            output.say(remark)
        return
    pause = arguments.seconds(watch, "--watch")
    while True:
        picture, _ = once()
        click.clear()
        click.echo(picture, nl=False, color=colour)
        time.sleep(pause)


def _remark(model: str, document: Mapping[str, Any], patterns: Sequence[str]) -> str:
    if not tables.is_empty(document):
        return ""
    filters = "filter" if len(patterns) == 1 else "filters"
    return f"Nothing matched specified {filters}." if patterns else f'Model "admin/{model}" is empty.'


def _integrations(answer: Mapping[str, Any], document: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    return status_filter.selected_integrations(answer.get("integrations", ()), answer["result"], document)


def _published(answer: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Mapping[str, str]]:
    published: Mapping[str, Mapping[str, str]] = answer.get("published", {})
    return {name: urls for name, urls in published.items() if name in document.get("applications", {})}


def _paint(cell: str) -> str:
    return click.style(cell, fg=_COLOURS.get(cell.strip()))
