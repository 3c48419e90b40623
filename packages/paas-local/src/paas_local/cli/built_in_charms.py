"""The built-in charms, which are deployed by name."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from paas_local.build import yaml_files
from paas_local.cli import output
from paas_local.juju import names
from paas_local.providers import BUILT_IN, CHARMHUB

_CHARMHUB = "ch:"


@dataclass(frozen=True, kw_only=True)
class BuiltInCharm:
    """A built-in charm and the folder of its rock, which may not exist."""

    name: str
    charm: Path
    rock: Path

    @property
    def summary(self) -> str:
        """Return the summary in the charm's metadata."""
        return str(yaml_files.load(self.charm / "charmcraft.yaml").get("summary", ""))

    @property
    def endpoints(self) -> dict[str, str]:
        """Return the interface of each endpoint in the charm's metadata, peers left out."""
        metadata = yaml_files.load(self.charm / "charmcraft.yaml")
        declared = [yaml_files.mappings(metadata, role) for role in ("provides", "requires")]
        return {name: str(entry.get("interface")) for each in declared for name, entry in each.items()}


def find(name: str) -> BuiltInCharm | None:
    """Return the built-in charm of a name, or of a URL of Charmhub: ``ch:valkey``, ``ch:amd64/noble/valkey``."""
    if name.startswith(_CHARMHUB):
        name = name.removeprefix(_CHARMHUB).rpartition("/")[2]
    folder = BUILT_IN.get(name)
    return BuiltInCharm(name=name, charm=folder / "charm", rock=folder / "rock") if folder else None


def charm_names() -> list[str]:
    """Return the names of the built-in charms."""
    return sorted(BUILT_IN)


def without_effect(charm: str, declared: Collection[str], options: Iterable[str]) -> frozenset[str]:
    """Return the options that only the charm on Charmhub has, and warn of them; raise an error about a similar name."""
    only_on_charmhub = [option for option in _recorded(charm, "options") if option not in declared]
    ignored = frozenset(options) & frozenset(only_on_charmhub)
    for option in sorted(ignored):
        output.say(f"WARNING the option {option} of {charm} has no effect under paas-local")
    for option in sorted({*options} - ignored - {*declared}):
        # the background process knows only the declared options
        if not names.did_you_mean(option, declared) and (similar := names.did_you_mean(option, only_on_charmhub)):
            raise click.ClickException(f'unknown option "{option}"{similar}')
    return ignored


def warn_of_action(charm: str, action: str) -> None:
    """Warn of an unknown action that the charm on Charmhub has."""
    if action in _recorded(charm, "actions"):
        output.say(f"WARNING the action {action} of {charm} is only in the charm on Charmhub, not under paas-local")


def _recorded(charm: str, kind: str) -> Collection[str]:
    """Return the options or actions of the charm on Charmhub that a built-in one replaces."""
    return yaml_files.load(CHARMHUB).get(charm, {}).get(kind, ()) if charm in BUILT_IN else ()
