"""schema: print what the charms of a framework have in common."""

import os
from pathlib import Path
from typing import Any

import click

from paas_local.build import charmcraft_extensions, frameworks
from paas_local.cli import output
from paas_local.cli.juju_click import format_option, juju_command

_SECTIONS = ("config", "actions", "peers", "requires", "provides")


@juju_command
@click.argument("framework")
@click.option("--generation", type=click.Choice(("24.04", "26.04")), default="24.04", help="The charm's Ubuntu base.")
@format_option("yaml", "json")
def schema(framework: str, generation: str, output_format: str) -> None:
    """Print the options, actions and endpoints of every charm of FRAMEWORK."""
    known = frameworks.names()
    if framework not in known:
        raise click.ClickException(f'no framework "{framework}"; the frameworks are: {", ".join(known)}')
    name = frameworks.load(framework).extension
    # the option's value is as explicit as the variable that allows experimental extensions
    os.environ.setdefault(charmcraft_extensions.EXPERIMENTAL, "1")
    project: dict[str, Any] = {"type": "charm", "base": f"ubuntu@{generation}", "extensions": [name]}
    expanded = charmcraft_extensions.expand(project, Path(os.devnull))
    output.show({section: expanded[section] for section in _SECTIONS if section in expanded}, output_format)
