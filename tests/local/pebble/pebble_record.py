"""Answers of a Pebble as a recording: placeholders in the place of what differs between runs."""

import json
import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, TypeGuard

_PATTERNS = {
    "{time}": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[-+]\d\d:\d\d)"),
    "{ns}": re.compile(r"\b\d{19}\b"),
    "{boundary}": re.compile(r"\b[0-9a-f]{60}\b"),
    "{id}": re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}
_IDS = {"change": "change", "change-id": "change", "prev-change-id": "change", "task-id": "task"}


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Return whether a value of JSON is an object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Return whether a value of JSON is an array."""
    return isinstance(value, list)


def recorded(answer: Any, known: MutableMapping[str, str]) -> Any:
    """Return an answer with placeholders; new ids get the next numbers, which are added to the known ones."""
    if is_object(answer):
        return {name: _value(answer, name, known) for name in answer}
    if is_array(answer):
        return [recorded(item, known) for item in answer]
    return _text(answer, known) if isinstance(answer, str) else answer


def write(path: Path, transcripts: Mapping[str, Any]) -> None:
    """Write the recording with one line per step."""
    about = json.dumps(transcripts["about"], ensure_ascii=False)
    scenarios = ",\n".join(
        f'  {json.dumps(name)}: {{"note": {json.dumps(scenario["note"], ensure_ascii=False)}, "steps": [\n'
        + ",\n".join(f"   {json.dumps(step, ensure_ascii=False)}" for step in scenario["steps"])
        + "\n  ]}"
        for name, scenario in transcripts["scenarios"].items()
    )
    path.write_text(f'{{\n "about": {about},\n "scenarios": {{\n{scenarios}\n }}\n}}\n')


def _value(owner: Mapping[str, Any], name: str, known: MutableMapping[str, str]) -> Any:
    value = owner[name]
    if name == "version":
        return "{version}"
    kind = _kind(owner) if name == "id" else _IDS.get(name)
    if name == "key" and owner.get("type") == "change-update":
        kind = "change"
    return _numbered(kind, value, known) if kind and isinstance(value, str) else recorded(value, known)


def _kind(owner: Mapping[str, Any]) -> str:
    if "progress" in owner:
        return "task"
    return "change" if "ready" in owner else "notice"


def _numbered(kind: str, value: str, known: MutableMapping[str, str]) -> str:
    numbered = {name: each for name, each in known.items() if re.fullmatch(rf"{kind}-\d+", name)}
    name = next((name for name, each in numbered.items() if each == value), f"{kind}-{len(numbered) + 1}")
    known[name] = value
    return f"{{{name}}}"


def _text(text: str, known: Mapping[str, str]) -> str:
    for name in ("DIR", "PORT1", "PORT2"):
        text = text.replace(known[name], f"{{{name}}}")
    for placeholder, pattern in _PATTERNS.items():
        text = pattern.sub(placeholder, text)
    return text
