"""The verbs about projects: new writes one, schema prints what a framework's charms have."""

import os
import shlex
from pathlib import Path
from typing import Any

import click

from paas_local.build import charmcraft_extensions, frameworks
from paas_local.cli import scaffold
from paas_local.cli.commands import command
from paas_local.cli.commands.command import Verb

_SECTIONS = ("config", "actions", "peers", "requires", "provides")


@click.command("new", cls=Verb)
@click.argument("framework", type=click.Choice(frameworks.names()))
@click.argument("name")
def new(framework: str, name: str) -> None:
    """Write a project into the new folder NAME: an application, its image's file, its charm."""
    folder = Path(name)
    if problem := scaffold.name_problem(framework, name):
        raise click.ClickException(problem)
    try:
        if not scaffold.is_empty(folder):
            raise click.ClickException(f'the folder "{name}" is there and not empty; choose another name')
        files = scaffold.render(framework, name)
        scaffold.write(folder, files)
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from error
    for place in sorted(files):
        command.say(f"  {name}/{place}")
    command.say(f"\nRun it, and see each change as you save it:\n  paas-local up {shlex.quote(name)}")


@click.command("schema", cls=Verb)
@click.argument("framework")
@click.option("--generation", type=click.Choice(("24.04", "26.04")), default="24.04", help="The charm's Ubuntu base.")
@command.format_option("yaml", "json")
def schema(framework: str, generation: str, shape: str) -> None:
    """Print the options, actions and endpoints that every charm of FRAMEWORK has."""
    known = frameworks.names()
    if framework not in known:
        raise click.ClickException(f'no framework "{framework}"; known are: {", ".join(known)}')
    name = frameworks.load(framework).extension
    # Who asks for a generation by name knows that it is experimental.
    os.environ.setdefault(charmcraft_extensions.EXPERIMENTAL, "1")
    project: dict[str, Any] = {"type": "charm", "base": f"ubuntu@{generation}", "extensions": [name]}
    expanded = charmcraft_extensions.expand(project, Path(os.devnull))
    command.show({section: expanded[section] for section in _SECTIONS if section in expanded}, shape)
