"""exec: run a command in a charm container."""

import click

from paas_local.cli import arguments, session, task_output
from paas_local.cli.juju_click import format_option, juju_command, model_option

_WAIT = 300.0


@juju_command
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="-- COMMAND [ARGUMENT...]")
@click.option("--unit", "-u", metavar="UNIT", help="The unit: web/0, or web/leader.")
@click.option("--machine", hidden=True, help="Not possible: a pod has no machine.")
@click.option("--wait", metavar="TIME", help="The longest time to wait for the end: 30s, 2m; 5m if left out.")
@format_option("plain", "yaml", "json")
@model_option
def execute(
    words: tuple[str, ...], unit: str | None, machine: str | None, wait: str | None, output_format: str, model: str
) -> None:
    """Run a command in a unit's charm container, where the hook tools are available."""
    if machine:
        raise click.ClickException("unable to target machines with a k8s controller")
    if not unit:
        raise click.UsageError("no unit specified: use --unit")
    if not words:
        raise click.UsageError("no command specified")
    seconds = arguments.seconds(wait, "--wait") if wait else _WAIT
    answer = session.request_answer(
        "exec",
        patience=seconds + task_output.ANSWER_MARGIN,
        model=session.chosen_model(model),
        unit=unit,
        command=list(words),
        wait=seconds,
    )
    task_output.show(answer, output_format)
