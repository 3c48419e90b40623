"""The built-in charms, which are deployed by name."""

from dataclasses import dataclass
from pathlib import Path

from paas_local.build import yaml_files
from paas_local.providers import BUILT_IN

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
