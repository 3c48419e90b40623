"""The output of commands: documents on stdout, messages on stderr."""

import json
from typing import Any

import click


def show(document: Any, output_format: str) -> None:
    """Print a document."""
    click.echo(formatted(document, output_format), nl=False)


def formatted(document: Any, output_format: str) -> str:
    """Return a document as Juju prints it: sorted keys, JSON on one line."""
    if output_format == "json":
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    import yaml  # noqa: PLC0415  it takes a tenth of a command's start-up

    return yaml.safe_dump(document, sort_keys=True, allow_unicode=True)


def text(value: object) -> str:
    """Return a value of an option as Juju prints it: ``true`` and ``false``."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def say(message: str) -> None:
    """Print a message on stderr."""
    click.echo(message, err=True)


def warn_ignored(what: str) -> None:
    """Print a warning about something of Juju that has no effect here."""
    say(f"WARNING {what} has no meaning on one machine and is ignored")
