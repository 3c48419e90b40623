"""juju-path: put a juju that is paas-local on the PATH."""

import shlex

import click

from paas_local.cli import juju_program
from paas_local.cli.juju_click import juju_command


@juju_command
def juju_path() -> None:
    """Print the line that makes juju this program, for jubilant and for scripts.

    \b
    eval "$(paas-local juju-path)"
    """  # noqa: D301  click keeps the lines after a real backspace as they are
    click.echo(f'export PATH={shlex.quote(str(juju_program.folder()))}:"$PATH"')
