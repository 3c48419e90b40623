"""The charms that come with paas-local, and the verb that lists them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

import paas_local
from paas_local import tables
from paas_local.verbs import command
from paas_local.verbs.command import Verb

_FOLDER = Path(paas_local.__file__).parent / "providers"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A built-in charm and its image."""

    name: str
    charm: Path
    rock: Path

    @property
    def summary(self) -> str:
        """What its charm says of itself."""
        document: dict[str, Any] = yaml.safe_load((self.charm / "charmcraft.yaml").read_text())
        return " ".join(str(document.get("summary", "")).split())


def all_of_them() -> list[Provider]:
    """List the built-in charms by name."""
    found = sorted(_FOLDER.glob("*/charm/charmcraft.yaml"))
    folders = [file.parents[1] for file in found]
    return [Provider(name=folder.name, charm=folder / "charm", rock=folder / "rock") for folder in folders]


def find(name: str) -> Provider | None:
    """Find a built-in charm; a path is never one."""
    return next((provider for provider in all_of_them() if provider.name == name), None)


@click.command("providers", cls=Verb)
@command.format_option("tabular", "json", "yaml")
def providers(shape: str) -> None:
    """List the charms that come with paas-local: deploy them by name."""
    summaries = {provider.name: provider.summary for provider in all_of_them()}
    if shape != "tabular":
        command.show(summaries, shape)
        return
    columns = [tables.Column(name="Name"), tables.Column(name="Summary")]
    for line in tables.table(columns, list(summaries.items())):
        click.echo(line)
