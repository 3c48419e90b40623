"""debug-log: show the log of a model."""

import sys

import click

from paas_local.cli import log_lines, session
from paas_local.cli.juju_click import format_option, juju_command, model_option


@juju_command
@click.option("--limit", type=click.IntRange(min=0), default=None, help="Show this many lines and exit; 0 is all.")
@click.option("--lines", "-n", type=click.IntRange(min=0), default=10, help="The number of older lines to show.")
@click.option("--replay", is_flag=True, help="Show all older lines.")
@click.option("--tail", is_flag=True, help="Wait for new lines even if stdout is not a terminal.")
@click.option("--no-tail", is_flag=True, help="Do not wait for new lines.")
@click.option("--include", multiple=True, metavar="ENTITY", help="Only lines of these: unit-a-0 or a/0.")
@click.option("--exclude", multiple=True, metavar="ENTITY", help="No lines of these.")
@click.option("--include-module", multiple=True, metavar="MODULE", help="Only lines of these modules.")
@click.option("--level", default="INFO", show_default=True, metavar="LEVEL", help="This level and above.")
@click.option("--date", is_flag=True, help="Show the date.")
@click.option("--ms", is_flag=True, help="Show milliseconds.")
@click.option("--utc", is_flag=True, help="Show times in UTC.")
@format_option("text", "json")
@model_option
def debug_log(  # noqa: PLR0913 - one for each of Juju's flags
    limit: int | None,
    lines: int,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    include_module: tuple[str, ...],
    level: str,
    output_format: str,
    model: str,
    *,
    replay: bool,
    tail: bool,
    no_tail: bool,
    date: bool,
    ms: bool,
    utc: bool,
) -> None:
    """Show the log of a model's charms and agents."""
    follow = limit is None and not no_tail and (tail or sys.stdout.isatty())
    older = limit if limit is not None else 0 if replay or not follow else lines
    clock = log_lines.Clock(date=date, milliseconds=ms, utc=utc)
    lines_of_log = session.stream(
        "debug-log",
        model=session.chosen_model(model),
        limit=older,
        follow=follow,
        include=include,
        exclude=exclude,
        modules=include_module,
        level=level,
    )
    for line in lines_of_log:
        click.echo(log_lines.text(line, clock) if output_format == "text" else log_lines.as_json(line))
