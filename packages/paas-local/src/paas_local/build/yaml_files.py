"""YAML files of a project, read with errors that name the file, the line and the key."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from paas_local.build.errors import ProjectError

# The loader in C takes a fifth of the time; a PyYAML that was built without libyaml lacks it.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load(file: Path) -> dict[str, Any]:
    """Read a YAML file that holds a mapping; an empty file is an empty mapping."""
    try:
        document = _parse(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ProjectError(f"{file}{line}: {error.problem or 'not YAML'}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProjectError(f"{file}: must be YAML in UTF-8") from error
    except OSError as error:
        raise ProjectError(f"{file}: {error.strerror}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ProjectError(f"{file}: must be a mapping of keys to values")
    return cast("dict[str, Any]", document)


def _parse(text: str) -> object:
    with contextlib.suppress(yaml.YAMLError):
        return yaml.load(text, _LOADER)  # noqa: S506 - both loaders are safe
    return yaml.safe_load(text)  # the loader in Python names the line of an error better


def mapping(document: Mapping[str, Any], *keys: str, file: str = "charmcraft.yaml") -> dict[str, Any]:
    """Return the mapping below some keys; empty if a key is missing."""
    value: Any = document
    for depth, key in enumerate(keys, start=1):
        value = cast("Mapping[str, Any]", value).get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ProjectError(f"{file}: {'.'.join(keys[:depth])}: must be a mapping of keys to values")
    return cast("dict[str, Any]", value)


def mappings(document: Mapping[str, Any], *keys: str, file: str = "charmcraft.yaml") -> dict[str, dict[str, Any]]:
    """Return the mapping of names to mappings below some keys; a name without content has an empty one."""
    names = mapping(document, *keys, file=file)
    return {name: mapping(names, name, file=f"{file}: {'.'.join(keys)}") for name in names}


def strings(document: Mapping[str, Any], key: str, file: str) -> tuple[str, ...]:
    """Return a list of strings; empty if the key is missing."""
    value = document.get(key)
    if value is None:
        return ()
    items = cast("list[object]", value) if isinstance(value, list) else [object()]
    if not all(isinstance(item, str) for item in items):
        raise ProjectError(f"{file}: {key}: must be a list of strings")
    return tuple(cast("list[str]", items))
