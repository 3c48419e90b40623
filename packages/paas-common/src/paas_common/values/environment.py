"""Environment variables that carry their source.

A process gets plain text only when the Pebble layer is written. Until then each variable names its source, so that a
log line or an error can name it without the value, and a secret value is a ``SecretText``.
"""

import collections.abc
import dataclasses
import hashlib
import json
import typing
from urllib.parse import quote

from paas_common.values.facts import OptionValue, StrMap


@typing.runtime_checkable
class Secret(typing.Protocol):
    """Text that is not shown; ``pydantic.SecretStr`` is one."""

    def get_secret_value(self) -> str:
        """Return the text."""
        ...


@dataclasses.dataclass(frozen=True)
class SecretText:
    """Secret text inside this package; an event that changes nothing need not load pydantic for it."""

    _text: str = dataclasses.field(repr=False)
    parts: tuple[str, ...] = dataclasses.field(default=(), repr=False)
    """Parts of the text that are secret on their own."""

    def get_secret_value(self) -> str:
        """Return the text."""
        return self._text


EnvOverrides = collections.abc.Mapping[str, str | Secret | None]
"""Variables by name; ``None`` removes the variable."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Variable:
    """One environment variable."""

    name: str
    value: str | SecretText = dataclasses.field(repr=False)
    source: str
    """Origin of the variable, in Juju's words: ``option greeting``, ``integration postgresql``."""
    overridden: tuple[str, ...] = ()
    """Sources that set the same name with lower precedence, lowest first."""

    @property
    def text(self) -> str:
        """Return the value as the process gets it."""
        return self.value.get_secret_value() if isinstance(self.value, SecretText) else self.value


Environment = collections.abc.Mapping[str, Variable]


def variables(overrides: EnvOverrides, source: str) -> collections.abc.Iterator[Variable]:
    """Return a variable for each value that is not None.

    Raises ``TypeError`` or ``ValueError`` naming the variable.
    """
    for name, value in overrides.items():
        if not name or "=" in name or "\0" in name:
            raise ValueError(f"{name!r} is not a valid variable name")
        if isinstance(value, str):
            yield Variable(name=name, value=value, source=source)
        elif isinstance(value, Secret):
            yield Variable(name=name, value=SecretText(value.get_secret_value()), source=source)
        elif value is not None:  # pyright: ignore[reportUnnecessaryComparison]  a charm may not check its types
            raise TypeError(f"{name} must be text, not {type(value).__name__}")


def merge(groups: collections.abc.Iterable[collections.abc.Iterable[Variable]]) -> Environment:
    """Return the variables of all groups; a later group wins and records the sources that it overrides."""
    merged: dict[str, Variable] = {}
    for group in groups:
        for variable in group:
            previous = merged.get(variable.name)
            overridden = (*previous.overridden, previous.source) if previous else variable.overridden
            merged[variable.name] = dataclasses.replace(variable, overridden=overridden)
    return merged


def plain(environment: Environment) -> dict[str, str]:
    """Return the text of each variable, sorted by name."""
    return {name: environment[name].text for name in sorted(environment)}


def changes(before: StrMap, after: Environment) -> list[str]:
    """Return the names of the variables that differ, each with its source and without its value."""
    changed = [f"{name} ({after[name].source})" for name in sorted(after) if before.get(name) != after[name].text]
    return [*changed, *(f"{name} (removed)" for name in sorted(before) if name not in after)]


def explain(environment: Environment) -> list[str]:
    """Return a line for each variable: its source and the sources it overrides, without its value."""
    return [_explained(environment[name]) for name in sorted(environment)]


def _explained(variable: Variable) -> str:
    overridden = f", in place of {', '.join(variable.overridden)}" if variable.overridden else ""
    return f"{variable.name}: {variable.source}{overridden}"


def unencodable(environment: Environment) -> str:
    """Return why some values cannot be in a process's environment, naming their sources; empty if all can."""
    sources = sorted({variable.source for variable in environment.values() if not _is_encodable(variable.text)})
    options = [source.removeprefix("option ") for source in sources if source.startswith("option ")]
    others = [source for source in sources if not source.startswith("option ")]
    rule = "must be UTF-8 text without NUL characters"
    invalid = [f"invalid options: {', '.join(options)} ({rule})"] if options else []
    return "; ".join([*invalid, *(f"invalid value of {source} ({rule})" for source in others)])


def _is_encodable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def redact(output: str, environment: Environment) -> str:
    """Return a program's output with the values of secret variables masked."""
    return mask(output, secrets(environment))


def secrets(environment: Environment) -> list[str]:
    """Return the texts of all secret variables, and their parts that are secret on their own."""
    secret = [variable.value for variable in environment.values() if isinstance(variable.value, SecretText)]
    return [text for value in secret for text in (value.get_secret_value(), *value.parts)]


def mask(output: str, secrets: collections.abc.Iterable[str]) -> str:
    """Return the output with each secret replaced by ``***``, also where a URL quotes it."""
    hidden = {part for secret in secrets for part in (secret, quote(secret), quote(secret, safe=""))}
    for value in sorted(filter(None, hidden), key=len, reverse=True):
        output = output.replace(value, "***")
    return output


def text(value: OptionValue | collections.abc.Sequence[object] | collections.abc.Mapping[str, object]) -> str:
    """Return a value as applications expect it: text unchanged, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def name(*parts: str) -> str:
    """Return the parts joined as the name of a variable: ``name("api", "base-url")`` is ``API_BASE_URL``."""
    return "_".join(part for part in parts if part).replace("-", "_").upper()


def digest(value: object) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of the value's sorted JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
