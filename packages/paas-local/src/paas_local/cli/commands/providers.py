"""The charms that come with paas-local, and the verb that lists them."""

from dataclasses import dataclass
from pathlib import Path

import click

from paas_local.build import yaml_files
from paas_local.cli import tables
from paas_local.cli.commands import command
from paas_local.cli.commands.command import Verb
from paas_local.providers import BUILT_IN


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A built-in charm and its image."""

    name: str
    charm: Path
    rock: Path

    @property
    def summary(self) -> str:
        """What its charm says of itself."""
        return str(yaml_files.load(self.charm / "charmcraft.yaml").get("summary", ""))


def find(name: str) -> Provider | None:
    """Find a built-in charm; a path is never one."""
    folder = BUILT_IN.get(name)
    return Provider(name=name, charm=folder / "charm", rock=folder / "rock") if folder else None


def names() -> list[str]:
    """Name the built-in charms."""
    return sorted(BUILT_IN)


@click.command("providers", cls=Verb)
@command.format_option("tabular", "json", "yaml")
def providers(shape: str) -> None:
    """List the charms that come with paas-local: deploy them by name."""
    summaries = {name: provider.summary for name in names() if (provider := find(name))}
    if shape != "tabular":
        command.show(summaries, shape)
        return
    columns = [tables.Column(name="Name"), tables.Column(name="Summary")]
    for line in tables.table(columns, list(summaries.items())):
        click.echo(line)
