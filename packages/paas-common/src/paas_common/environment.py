"""Environment variables that know where they come from.

The text a process gets is made at the very end; until then each variable carries its source, so that a log line or an
error can tell it without showing the value.
"""

import collections.abc
import dataclasses
import hashlib
import json
from urllib.parse import quote

from . import facts


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variable:
    """One environment variable."""

    name: str
    value: str = dataclasses.field(repr=False)
    source: str
    """Who set it, in Juju's words: ``option greeting``, ``integration postgresql``."""
    secret: bool = False
    displaced: tuple[str, ...] = ()
    """Sources that wanted the same name and lost, earliest first."""


Environment = collections.abc.Mapping[str, Variable]


def merge(groups: collections.abc.Iterable[collections.abc.Iterable[Variable]]) -> Environment:
    """Lay the groups over each other; the later one wins and remembers whom it displaced."""
    merged: dict[str, Variable] = {}
    for group in groups:
        for variable in group:
            before = merged.get(variable.name)
            displaced = (*before.displaced, before.source) if before else variable.displaced
            merged[variable.name] = dataclasses.replace(variable, displaced=displaced)
    return merged


def plain(environment: Environment) -> dict[str, str]:
    """Give the text of each variable, sorted by name."""
    return {name: environment[name].value for name in sorted(environment)}


def changes(before: facts.Text, after: Environment) -> list[str]:
    """Tell in words which variables differ, and who set them; no values."""
    set_anew = [f"{n} ({after[n].source})" for n in sorted(after) if before.get(n) != after[n].value]
    return [*set_anew, *(f"{name} (gone)" for name in sorted(before) if name not in after)]


def redact(said: str, environment: Environment) -> str:
    """Blot out the values of secret variables, for the output of a program that had them."""
    return blot(said, (each.value for each in environment.values() if each.secret))


def blot(said: str, secrets: collections.abc.Iterable[str]) -> str:
    """Blot out secrets, also where a URL quotes them."""
    hidden = {part for each in secrets for part in (each, quote(each), quote(each, safe=""))}
    for value in sorted(filter(None, hidden), key=len, reverse=True):
        said = said.replace(value, "***")
    return said


def text(value: facts.Value | collections.abc.Sequence[object] | collections.abc.Mapping[str, object]) -> str:
    """Write a value as applications expect it: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def name(*parts: str) -> str:
    """Join the parts of a name as environment variables spell it."""
    return "_".join(part for part in parts if part).replace("-", "_").upper()


def digest(value: object) -> str:
    """Tell two values apart without keeping them: 16 hexadecimal digits of a SHA-256 over sorted JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
