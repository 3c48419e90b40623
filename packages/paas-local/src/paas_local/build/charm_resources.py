"""The resources that a charm declares, and the files among them, stored in the cache."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paas_local.build import cache, yaml_files
from paas_local.build.errors import ProjectError, project_errors

CONTENT = "content"
"""The file in the folder of a stored file."""
_KIND = "files"
_IMAGE, _FILE = "oci-image", "file"


def declared(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Return the names of a charm's resources, each with its file name; an image has an empty one."""
    resources = yaml_files.mappings(metadata, "resources", file="metadata.yaml")
    return {name: _file_name(f"metadata.yaml: resources.{name}", item) for name, item in resources.items()}


def upstream_folders(metadata: Mapping[str, Any]) -> dict[str, Path]:
    """Return the images whose ``upstream-source`` is the folder of a rock here, and not an image of a registry."""
    resources = yaml_files.mappings(metadata, "resources", file="metadata.yaml")
    sources = {name: str(item.get("upstream-source", "")) for name, item in resources.items()}
    return {name: Path(path) for name, path in sources.items() if path and (Path(path) / "rockcraft.yaml").is_file()}


def store(name: str, file: Path, file_name: str) -> Path:
    """Copy the file of a resource into the cache, and return the folder that contains it."""
    expected = Path(file_name).suffix
    if file.suffix != expected:
        raise ProjectError(f'incorrect extension on resource upload "{file.name}", expected "{expected}"')
    if not file.is_file():
        raise ProjectError(f'the resource "{name}" must be a file, and {file} is a folder')
    with project_errors(file), cache.new_entry(_KIND) as folder:
        shutil.copyfile(file, folder / CONTENT)
        (folder / CONTENT).chmod(0o644)
        return cache.store(folder, _KIND, cache.tree_digest(folder))


def _file_name(where: str, resource: Mapping[str, Any]) -> str:
    kind = resource.get("type")
    if kind == _IMAGE:
        return ""
    if kind != _FILE:
        raise ProjectError(f"{where}.type: must be {_FILE} or {_IMAGE}; found {kind}")
    name = resource.get("filename")
    if not isinstance(name, str) or not name or "/" in name or name in {".", ".."}:
        raise ProjectError(f"{where}.filename: must be the name of a file, without a folder; found {name}")
    return name
