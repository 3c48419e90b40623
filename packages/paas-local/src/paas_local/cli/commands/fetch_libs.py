"""fetch-libs: download a charm's libraries."""

from pathlib import Path

import click

from paas_local.build import charm_libs
from paas_local.cli import progress
from paas_local.cli.juju_click import juju_command


@juju_command
@click.argument("charm", required=False, default=".")
def fetch_libs(charm: str) -> None:
    """Download the charm libraries of charmcraft.yaml (charm-libs) to lib/."""
    folder = Path(charm)
    if not (folder / "charmcraft.yaml").is_file():
        raise click.ClickException(f'no charmcraft.yaml in "{charm}"; the argument must be the charm\'s folder')
    with progress.steps() as steps:
        charm_libs.fetch(folder, steps)
