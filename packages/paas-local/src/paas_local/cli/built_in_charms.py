"""The built-in charms, which are deployed by name."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from paas_local.build import yaml_files
from paas_local.cli import output
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


def find(name: str) -> BuiltInCharm | None:
    """Return the built-in charm of a name, or of a URL of Charmhub: ``ch:valkey``, ``ch:amd64/noble/valkey``."""
    if name.startswith(_CHARMHUB):
        name = name.removeprefix(_CHARMHUB).rpartition("/")[2]
    folder = BUILT_IN.get(name)
    return BuiltInCharm(name=name, charm=folder / "charm", rock=folder / "rock") if folder else None


def names() -> list[str]:
    """Return the names of the built-in charms."""
    return sorted(BUILT_IN)


def without_effect(charm: str, declared: Container[str], options: Iterable[str]) -> frozenset[str]:
    """Return the options that only the charm on Charmhub has, and warn of them."""
    ignored = frozenset(options) & frozenset(_only_on_charmhub(charm, declared))
    for option in sorted(ignored):
        output.say(f"WARNING the option {option} of {charm} has no effect under paas-local")
    return ignored


def _only_on_charmhub(charm: str, declared: Container[str]) -> Iterator[str]:
    if charm in BUILT_IN:
        recorded = yaml_files.load(CHARMHUB).get(charm, {})
        yield from (option for option in recorded.get("options", ()) if option not in declared)
