"""Environment variables that know where they come from.

The text a process gets is made at the very end; until then each variable carries its source, so that a log line or an
error can tell it without showing the value.
"""

import collections.abc
import dataclasses
import hashlib
import json
from urllib.parse import quote

import pydantic

from paas_common.values import facts

Given = collections.abc.Mapping[str, str | pydantic.SecretStr | None]
"""Variables as a charm's author gives them; nothing means that there shall be none of that name."""


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


def variables(given: Given, source: str) -> collections.abc.Iterator[Variable]:
    """Check what an author gives; raises ``TypeError`` or ``ValueError`` naming the variable."""
    for name, value in given.items():
        if not name or "=" in name or "\0" in name:
            raise ValueError(f"{name!r} cannot be the name of a variable")
        if isinstance(value, pydantic.SecretStr):
            yield Variable(name=name, value=value.get_secret_value(), source=source, secret=True)
        elif isinstance(value, str):
            yield Variable(name=name, value=value, source=source)
        elif value is not None:  # pyright: ignore[reportUnnecessaryComparison]  authors may not check their types
            raise TypeError(f"{name} must be text, not {type(value).__name__}")


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


def origins(environment: Environment) -> list[str]:
    """Tell in words where each variable comes from, and what it displaced; no values."""
    return [_origin(environment[name]) for name in sorted(environment)]


def _origin(variable: Variable) -> str:
    displaced = f", in place of {', '.join(variable.displaced)}" if variable.displaced else ""
    return f"{variable.name}: {variable.source}{displaced}"


def unfit(environment: Environment) -> str:
    """Name whose values no process can have in its environment, which are texts without NUL; nothing where all can."""
    sources = sorted({variable.source for variable in environment.values() if not _is_text(variable.value)})
    options = [source.removeprefix("option ") for source in sources if source.startswith("option ")]
    others = [source for source in sources if not source.startswith("option ")]
    rule = "must be UTF-8 text without NUL characters"
    told = [f"invalid options: {', '.join(options)} ({rule})"] if options else []
    return "; ".join([*told, *(f"invalid value of {source} ({rule})" for source in others)])


def _is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= character <= "\udfff" for character in value)


def redact(said: str, environment: Environment) -> str:
    """Blot out the values of secret variables, for the output of a program that had them."""
    return blot(said, secrets(environment))


def secrets(environment: Environment) -> list[str]:
    """Give the values that nobody may see."""
    return [variable.value for variable in environment.values() if variable.secret]


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
