"""The plan as YAML.

Keys are in the order of the fields, names are sorted, empty values are left out, and the indentation is four spaces.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any, TypeGuard

import yaml
from yaml.emitter import Emitter

from paas_local.pebble.plan import yaml_nodes
from paas_local.pebble.plan.durations import Duration
from paas_local.pebble.plan.plan import LogTarget, Plan

_OLD_BOOLS = frozenset(
    form for word in ("y", "yes", "on", "n", "no", "off") for form in (word, word.title(), word.upper())
)


def text(plan: Plan) -> str:
    """Write the plan."""
    lines = list(_block(_sections(plan), ""))
    return "\n".join([*lines, ""]) if lines else "{}\n"


def _sections(plan: Plan) -> dict[str, Any]:
    sections: dict[str, Mapping[str, Any]] = {
        "services": plan.services,
        "checks": plan.checks,
        "log-targets": plan.log_targets,
        "workloads": plan.workloads,
    }
    return {
        name: {entry: _fields(value) for entry, value in sorted(entries.items())}
        for name, entries in sections.items()
        if entries
    }


def _fields(value: Any) -> dict[str, Any]:
    always = ("type", "location", "services") if isinstance(value, LogTarget) else ()
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        if field.name in always:
            content = content or (() if field.name == "services" else "")
        elif content is None or content in ("", (), {}):
            continue
        ordered = dict(sorted(content.items())) if _is_mapping(content) else content
        fields[field.name.replace("_", "-")] = ordered
    return fields


def _is_mapping(value: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(value, Mapping)


def _is_list(value: Any) -> TypeGuard[tuple[str, ...]]:
    return isinstance(value, tuple)


def _block(mapping: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in mapping.items():
        name = f"{indent}{scalar(key)}:"
        below = f"{indent}    "
        if isinstance(value, Duration):
            yield f"{name} {value}"
        elif dataclasses.is_dataclass(value):
            yield name
            yield from _block(_fields(value), below)
        elif _is_mapping(value):
            yield name
            yield from _block(value, below)
        elif _is_list(value):
            yield name if value else f"{name} []"
            yield from (f"{below}- {scalar(item)}" for item in value)
        elif isinstance(value, str):
            yield from _text(name, value, below)
        else:
            yield f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"


def _text(name: str, value: str, below: str) -> Iterator[str]:
    if "\n" not in value or not Emitter(StringIO()).analyze_scalar(value).allow_block:
        yield f"{name} {scalar(value)}"
        return
    chomp = "" if value.endswith("\n") else "-"
    if value.endswith("\n\n"):
        chomp = "+"
    hint = "4" if value[0].isspace() else ""
    yield f"{name} |{hint}{chomp}"
    for line in value.removesuffix("\n").split("\n"):
        yield f"{below}{line}" if line else ""


def scalar(value: str) -> str:
    """Quote a string that YAML would read as another type."""
    node = yaml.ScalarNode("", value)
    if yaml_nodes.tag(node) != "!!str" or value in _OLD_BOOLS:
        return json.dumps(value, ensure_ascii=False)
    shape = Emitter(StringIO()).analyze_scalar(value)
    if shape.allow_block_plain:
        return value
    if shape.allow_single_quoted and not shape.multiline:
        quoted = value.replace("'", "''")
        return f"'{quoted}'"
    return json.dumps(value, ensure_ascii=False)
