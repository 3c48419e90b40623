"""version: print the emulated version of Juju."""

import click

from paas_local.cli import output
from paas_local.cli.juju_click import format_option, juju_command
from paas_local.juju.version import JUJU_VERSION

_PLATFORM = "genericlinux-amd64"


@juju_command
@click.option("--all", "everything", is_flag=True, help="Print the build's details too.")
@format_option("smart", "json", "yaml")
def version(output_format: str, *, everything: bool) -> None:
    """Print the emulated version of Juju; --version prints that of paas-local."""
    juju = f"{JUJU_VERSION}-{_PLATFORM}"
    if everything:
        document = {"version": juju, "git-commit": "", "git-tree-state": "clean", "compiler": "gc"}
        output.show(document, "yaml" if output_format == "smart" else output_format)
    elif output_format == "json":
        click.echo(f'"{juju}"')
    else:
        click.echo(juju)
