"""The output of commands: documents on stdout, messages on stderr."""

import json
from collections.abc import Mapping
from typing import Any

import click
import yaml


def show(document: Any, output_format: str) -> None:
    """Print a document."""
    click.echo(formatted(document, output_format), nl=False)


def formatted(document: Any, output_format: str) -> str:
    """Return a document as Juju prints it: sorted keys, JSON on one line."""
    if output_format == "json":
        return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"
    return yaml.safe_dump(document, sort_keys=True, allow_unicode=True)


def say(message: str) -> None:
    """Print a message on stderr."""
    click.echo(message, err=True)


def warn_ignored(flags: Mapping[str, object]) -> None:
    """Print a warning for each of Juju's flags that is set and has no effect here."""
    for flag, value in flags.items():
        if value:
            say(f"WARNING --{flag.replace('_', '-')} has no meaning on one machine and is ignored")
