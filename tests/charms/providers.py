"""Built-in provider charms under ``ops.testing``, packed with their shared module."""

import functools
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import ops
import paas_local.providers
from ops import testing
from paas_local.build import yaml_files
from paas_local.providers import BUILT_IN

SHARED = Path(paas_local.providers.__file__).parent / "common"
_KEYS = ("name", "summary", "description", "containers", "resources", "provides", "requires", "storage")


def shared() -> ModuleType:
    """Import the shared module as the charms do."""
    _importable(SHARED)
    return import_module("provider")


def _importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def charm_type(name: str) -> type[ops.CharmBase]:
    """Load the class of a provider's charm."""
    folder = BUILT_IN[name]
    shared()
    _importable(folder / "charm/src")
    module = import_module(f"paas_local.providers.{folder.name}.charm.src.charm")
    members: dict[str, object] = vars(module)
    return next(
        each
        for each in members.values()
        if isinstance(each, type) and issubclass(each, ops.CharmBase) and each.__module__ == module.__name__
    )


def context(name: str) -> testing.Context[ops.CharmBase]:
    """Return the context of a provider's charm, whose server answers at once or never."""
    meta = metadata(name)
    return testing.Context(
        charm_type(name),
        meta={key: meta[key] for key in _KEYS if key in meta},
        config=meta.get("config"),
        actions=meta.get("actions"),
        juju_version="3.6.11",
    )


@functools.cache
def metadata(name: str) -> dict[str, Any]:
    """Read a provider's ``charmcraft.yaml``; callers leave it as it is."""
    return yaml_files.load(BUILT_IN[name] / "charm/charmcraft.yaml")


def state(server: testing.Container, *relations: testing.RelationBase, **more: Any) -> testing.State:
    """Return the state of a leader in the model ``demo``."""
    arguments: dict[str, Any] = {
        "leader": True,
        "containers": {server},
        "relations": {*relations},
        "model": testing.Model("demo", type="kubernetes"),
        **more,
    }
    return testing.State(**arguments)
