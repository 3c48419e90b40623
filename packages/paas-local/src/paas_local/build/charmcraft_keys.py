"""The keys of ``charmcraft.yaml``; a test compares them with charmcraft's own."""

import difflib
from collections.abc import Mapping
from typing import Any

from paas_local.build import yaml_files
from paas_local.build.errors import ProjectError

KEYS = frozenset({
    "actions", "adopt-info", "analysis", "assumes", "base", "bases", "build-base", "build-slices", "charm-libs",
    "charm-user", "charmhub", "config", "containers", "description", "devices", "extensions", "extra-bindings", "links",
    "name", "package-repositories", "parts", "peers", "platforms", "provides", "requires", "resources", "storage",
    "subordinate", "summary", "terms", "title", "type", "version",
})  # fmt: skip
# In charmcraft's model, these exist and must be empty.
EMPTY = frozenset({"contact", "issues", "license", "source-code"})


def check(charmcraft: Mapping[str, Any]) -> None:
    """Refuse keys that charmcraft refuses, and endpoints without an interface."""
    for key in charmcraft.keys() - KEYS:
        raise ProjectError(f"charmcraft.yaml: {key}: extra inputs are not permitted ({_advice(str(key))})")
    for role in ("requires", "provides", "peers"):
        for name, endpoint in yaml_files.mappings(charmcraft, role).items():
            if not isinstance(endpoint.get("interface"), str):
                raise ProjectError(f"charmcraft.yaml: {role}.{name}.interface: missing; add it, as interface: NAME")


def _advice(key: str) -> str:
    if key in EMPTY:
        return "charmcraft moved it to links"
    near = difflib.get_close_matches(key, KEYS, n=1)
    return f"did you mean {near[0]}?" if near else "charmcraft has no such key"
