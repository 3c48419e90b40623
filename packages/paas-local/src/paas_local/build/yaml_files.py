"""What the files of a project say: YAML read with errors that name the file and the line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import yaml

from paas_local.build.errors import ProjectError


def load(file: Path) -> dict[str, Any]:
    """Read a mapping from a YAML file."""
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise ProjectError(f"{file}{line}: {error.problem or 'not YAML'}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ProjectError(f"{file}: not YAML in UTF-8") from error
    except OSError as error:
        raise ProjectError(f"{file}: {error.strerror}") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise ProjectError(f"{file}: has to be a mapping of keys to values")
    return cast("dict[str, Any]", document)


def mapping(project: Mapping[str, Any], *keys: str, file: str = "charmcraft.yaml") -> dict[str, Any]:
    """Read a mapping of mappings below some keys; what is not there is empty."""
    value: Any = project
    for depth, key in enumerate(keys, start=1):
        value = cast("Mapping[str, Any]", value).get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ProjectError(f"{file}: {'.'.join(keys[:depth])}: has to be a mapping of keys to values")
    return cast("dict[str, Any]", value)


def mappings(project: Mapping[str, Any], *keys: str, file: str = "charmcraft.yaml") -> dict[str, dict[str, Any]]:
    """Read the named mappings below some keys; one without content is empty."""
    named = mapping(project, *keys, file=file)
    return {name: mapping(named, name, file=f"{file}: {'.'.join(keys)}") for name in named}


def strings(project: Mapping[str, Any], key: str, file: str) -> tuple[str, ...]:
    """Read a list of texts; what is not there is empty."""
    value = project.get(key)
    if value is None:
        return ()
    items = cast("list[object]", value) if isinstance(value, list) else [object()]
    if not all(isinstance(item, str) for item in items):
        raise ProjectError(f"{file}: {key}: has to be a list of texts")
    return tuple(cast("list[str]", items))
