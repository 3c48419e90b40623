"""The verbs about paas-local itself and a charm's folder: shutdown, version, fetch-libs."""

from pathlib import Path

import click

from paas_local.build import charm_libs
from paas_local.cli import progress
from paas_local.cli.commands import command
from paas_local.cli.commands.command import Verb

JUJU_VERSION = "3.6.11"
"""The Juju whose verbs and documents these are; charms and clients compare it."""
_PLATFORM = "genericlinux-amd64"
_SHUTDOWN_PATIENCE = 120.0


@click.command("shutdown", cls=Verb)
def shutdown() -> None:
    """End the background process and all it runs; the models go on with the next command."""
    with progress.steps() as steps:
        daemon = command.daemon(steps)
        if not daemon.running():
            command.say("Nothing is running.")
            return
        steps("stopping what runs")
        daemon.ask("shutdown", patience=_SHUTDOWN_PATIENCE)
        daemon.wait_until_gone()
    command.say("Stopped; the models go on with the next command.")


@click.command("version", cls=Verb)
@click.option("--all", "everything", is_flag=True)
@command.format_option("smart", "json", "yaml")
def version(shape: str, *, everything: bool) -> None:
    """Print the version of Juju that this behaves as; --version prints our own."""
    juju = f"{JUJU_VERSION}-{_PLATFORM}"
    if everything:
        document = {"version": juju, "git-commit": "", "git-tree-state": "clean", "compiler": "gc"}
        command.show(document, "yaml" if shape == "smart" else shape)
    elif shape == "json":
        click.echo(f'"{juju}"')
    else:
        click.echo(juju)


@click.command("fetch-libs", cls=Verb)
@click.argument("charm", required=False, default=".")
def fetch_libs(charm: str) -> None:
    """Fill lib/ with the charm libraries that charmcraft.yaml names under charm-libs."""
    folder = Path(charm)
    if not (folder / "charmcraft.yaml").is_file():
        raise click.ClickException(f'no charmcraft.yaml in "{charm}"; give the charm\'s folder')
    with progress.steps() as steps:
        charm_libs.fetch(folder, steps)
