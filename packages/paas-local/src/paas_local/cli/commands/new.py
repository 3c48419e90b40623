"""new: write a project."""

import shlex
from pathlib import Path

import click

from paas_local.build import frameworks
from paas_local.cli import output, scaffold
from paas_local.cli.juju_click import juju_command


@juju_command
@click.argument("framework", type=click.Choice(frameworks.names()))
@click.argument("name")
def new(framework: str, name: str) -> None:
    """Write a project to the new folder NAME: an application, its rockcraft.yaml and its charm."""
    folder = Path(name)
    if problem := scaffold.name_problem(framework, name):
        raise click.ClickException(problem)
    try:
        if not scaffold.is_empty(folder):
            raise click.ClickException(f'the folder "{name}" must be empty; choose another name')
        files = scaffold.render(framework, name)
        scaffold.write(folder, files)
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename}: {error.strerror}") from error
    for path in sorted(files):
        output.say(f"  {name}/{path}")
    output.say(scaffold.lock(folder / scaffold.CHARM))
    output.say(f"\nRun it, and see each change as you save it:\n  paas-local up {shlex.quote(name)}")
