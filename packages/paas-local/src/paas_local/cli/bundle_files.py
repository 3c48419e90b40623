"""The files of a bundle and its overlays, with their paths made absolute, and the built-in bundles."""

import base64
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import click
import yaml

from paas_local.cli import arguments, built_in_bundles
from paas_local.juju import bundles
from paas_local.juju.errors import JujuError

FILE = "bundle.yaml"
_PATH = ("./", "../", "/")


def find(argument: str) -> Path | None:
    """Return the file of a bundle: a YAML file, the one in a folder, or a built-in one; None if it is a charm."""
    path = Path(argument)
    if path.is_file() and path.suffix in {".yaml", ".yml"}:
        return path
    if path.is_dir() and (path / FILE).is_file() and not (path / "charmcraft.yaml").exists():
        return path / FILE
    return built_in_bundles.find(argument)


def read(file: Path, overlays: Sequence[str]) -> bundles.Bundle:
    """Return the bundle in a file; each further document of the file, and each overlay, changes it."""
    documents = [*_documents(file), *(document for overlay in overlays for document in _documents(Path(overlay)))]
    try:
        merged = documents[0]
        for overlay in documents[1:]:
            merged = bundles.merged(merged, overlay)
        bundle = bundles.parse(merged)
    except JujuError as error:
        raise click.ClickException(f"{file}: {error.message.removeprefix('bundle: ')}") from None
    return built_in_bundles.possible(bundle) if file.parent == built_in_bundles.FOLDER else bundle


def _documents(file: Path) -> list[Mapping[str, Any]]:
    try:
        documents = [document for document in yaml.safe_load_all(arguments.read_text(file)) if document is not None]
    except yaml.YAMLError as error:
        raise click.ClickException(f"{file}: {' '.join(str(error).split())}") from None
    if not documents or not all(isinstance(document, dict) for document in documents):
        raise click.ClickException(f"{file}: must be a mapping of keys to values")
    return [_with_paths(document, file.resolve().parent) for document in cast("list[dict[str, Any]]", documents)]


def _with_paths(document: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return a document with its own paths made absolute, and with the content of the files in its options."""
    applications: object = document.get("applications")
    if not isinstance(applications, dict):
        return dict(document)
    entries = cast("dict[str, Any]", applications)
    return {**document, "applications": {name: _entry(entry, folder) for name, entry in entries.items()}}


def _entry(entry: object, folder: Path) -> object:
    if not isinstance(entry, dict):
        return entry
    keys = dict(cast("dict[str, Any]", entry))
    if isinstance(keys.get("charm"), str):
        keys["charm"] = _absolute(keys["charm"], folder)
    for key, change in (("resources", _absolute), ("options", _included)):
        if isinstance(keys.get(key), dict):
            keys[key] = _changed(keys[key], folder, change)
    return keys


def _changed(values: Mapping[str, Any], folder: Path, change: Callable[[str, Path], str]) -> dict[str, Any]:
    return {name: change(value, folder) if isinstance(value, str) else value for name, value in values.items()}


def _absolute(text: str, folder: Path) -> str:
    return str((folder / text).resolve()) if text.startswith(_PATH) or text in {".", ".."} else text


def _included(text: str, folder: Path) -> str:
    prefix, separator, path = text.partition("://")
    match prefix if separator else "":
        case "include-file":
            return arguments.read_text(folder / path)
        case "include-base64":
            return base64.b64encode(arguments.read_text(folder / path).encode()).decode()
        case _:
            return text
