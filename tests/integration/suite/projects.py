"""Copies of the examples' charms and images for the integration tests."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from paas_local.providers import BUILT_IN
from related_charms import Provider

from examples import EVERYTHING, Example, Project

REGISTRY = "localhost:32000"
"""The registry of microk8s, from the cluster's machine and in the cluster."""
EXPLAIN = {"explain": {"description": "Show the source of each variable of the application, without its value."}}


def charm(project: Project, folder: Path, requirements: Sequence[str]) -> Path:
    """Write the charm's project, with every endpoint and the action ``explain``; ``requirements`` has our wheels."""
    shutil.copytree(project.folder / "charm", folder, ignore=shutil.ignore_patterns(".*", "*.charm", "lib", "uv.lock"))
    file = folder / "charmcraft.yaml"
    metadata = _load(file)
    endpoints = _load(EVERYTHING.folder / "charm/charmcraft.yaml")["requires"]
    metadata["requires"] = {**endpoints, **metadata["requires"]}
    metadata["actions"] = {**EXPLAIN, **metadata.get("actions", {})}
    file.write_text(yaml.safe_dump(metadata, sort_keys=False))
    (folder / "pyproject.toml").unlink()
    (folder / "requirements.txt").write_text("".join(f"{line}\n" for line in requirements))
    return folder


def image(project: Project, folder: Path, *, new: bool) -> Path:
    """Write the application's project; the new one has another migration."""
    shutil.copytree(project.folder, folder, ignore=shutil.ignore_patterns(".*", "charm", "__pycache__"))
    if project.requirements:
        with (folder / "requirements.txt").open("a") as file:
            file.writelines(f"{line}\n" for line in project.requirements)
    if new and isinstance(project, Example):
        name, content = project.new_migration
        (folder / name).write_text(content)
    return folder


def built_in_charm(provider: Provider, folder: Path) -> Path:
    """Write the project of a built-in charm of paas-local, with the modules that the charms share in it."""
    shutil.copytree(BUILT_IN[provider.charm] / "charm", folder, ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "charmcraft.yaml"
    metadata = _load(file)
    shared = metadata["parts"]["shared"]
    shutil.copytree(BUILT_IN[provider.charm] / "charm" / shared["source"], folder / "shared")
    shared["source"] = "shared"
    file.write_text(yaml.safe_dump(metadata, sort_keys=False))
    return folder


def image_resource(provider: Provider) -> str:
    """Return the name of the image's resource in a built-in charm of paas-local."""
    (resource,) = _load(BUILT_IN[provider.charm] / "charm/charmcraft.yaml")["resources"]
    return resource


def _load(file: Path) -> dict[str, Any]:
    return yaml.safe_load(file.read_text())
