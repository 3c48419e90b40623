"""One call of a hook tool: its arguments, what it may read, and what comes back.

Arguments follow Go's flag rules: ``--flag=value`` or ``--flag value``, flags and words mixed, a boolean flag
only takes ``=value``, everything after ``--`` is words. ``-`` alone is a word.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from paas_local.juju.errors import Refused
from paas_local.juju.hook_context import Context, Writes
from paas_local.juju.model import Model

BAD_ARGUMENTS = 2
TRUE = frozenset({"1", "t", "true", "y", "yes"})
FALSE = frozenset({"0", "f", "false", "n", "no"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """What arrives over the socket; ``files`` has the content of each file an argument names."""

    tool: str
    arguments: Sequence[str] = ()
    stdin: str = ""
    files: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass(frozen=True, kw_only=True)
class World:
    """What a tool reads: the hook's context, the model as it is now, the time, and an unused secret id."""

    context: Context
    model: Model
    now: float
    fresh_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What a tool answers, what it means to write at the end of the hook, and what it did at once."""

    writes: Writes
    model: Model
    stdout: str = ""
    stderr: str = ""
    code: int = 0
    log: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Flags:
    """Which flags a tool has: those with a value, booleans, and one-letter names of either."""

    values: frozenset[str] = frozenset()
    booleans: frozenset[str] = frozenset()
    letters: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """Arguments as they were meant."""

    words: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict[str, str])

    def word(self, index: int, default: str = "") -> str:
        """Give one word."""
        return self.words[index] if index < len(self.words) else default

    def on(self, name: str) -> bool:
        """Whether a boolean flag is set."""
        value = self.flags.get(name, "false").lower()
        if value not in TRUE | FALSE:
            raise Refused(f'invalid boolean value "{value}" for --{name}', code=BAD_ARGUMENTS)
        return value in TRUE


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request with its arguments read."""

    world: World
    request: Request
    arguments: Arguments

    @property
    def context(self) -> Context:
        """The hook that calls."""
        return self.world.context

    @property
    def writes(self) -> Writes:
        """What the hook has written so far."""
        return self.world.context.writes

    @property
    def model(self) -> Model:
        """The model as it is now."""
        return self.world.model

    def reply(self, stdout: str = "", *, log: tuple[tuple[str, str], ...] = ()) -> Reply:
        """Answer without having changed anything."""
        return Reply(writes=self.writes, model=self.model, stdout=stdout, log=log)

    def document(self, value: Any) -> Reply:
        """Answer with a value in the wanted format."""
        return self.reply(formatted(value, self.arguments.flags.get("format", "smart")))

    def writing(self, **changes: Any) -> Reply:
        """Answer nothing, and keep something for the end of the hook."""
        return Reply(writes=dataclasses.replace(self.writes, **changes), model=self.model)

    def doing(self, model: Model) -> Reply:
        """Answer nothing, and have changed the model at once."""
        return Reply(writes=self.writes, model=model)

    def text(self, name: str) -> str:
        """Read a file that the caller named."""
        if name == "-":
            return self.request.stdin
        if name not in self.request.files:
            raise Refused(f"open {name}: no such file or directory")
        return self.request.files[name]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One hook tool."""

    run: Callable[[Call], Reply]
    flags: Flags = Flags()


OUTPUT = frozenset({"format", "output"})
LETTERS = {"r": "relation", "s": "storage", "o": "output"}


def flags(*values: str, booleans: Sequence[str] = (), letters: Mapping[str, str] | None = None) -> Flags:
    """Declare the flags of a tool; all have those of the output."""
    return Flags(
        values=frozenset(values) | OUTPUT,
        booleans=frozenset(booleans),
        letters={**LETTERS, **(letters or {})},
    )


def parse(known: Flags, arguments: Sequence[str]) -> Arguments:
    """Sort arguments into words and flags."""
    words: list[str] = []
    found: dict[str, str] = {}
    rest = list(arguments)
    while rest:
        argument = rest.pop(0)
        if argument == "--":
            words += rest
            break
        if argument == "-" or not argument.startswith("-"):
            words.append(argument)
            continue
        dashes, name, value = _split(argument)
        name = known.letters.get(name, name)
        if name in known.booleans:
            found[name] = value if value is not None else "true"
        elif name not in known.values:
            raise Refused(f"option provided but not defined: {dashes}{name}", code=BAD_ARGUMENTS)
        elif value is not None:
            found[name] = value
        elif rest:
            found[name] = rest.pop(0)
        else:
            raise Refused(f"option needs an argument: {dashes}{name}", code=BAD_ARGUMENTS)
    return Arguments(words=tuple(words), flags=found)


def _split(argument: str) -> tuple[str, str, str | None]:
    bare = argument.lstrip("-")
    name, equals, value = bare.partition("=")
    return argument[: len(argument) - len(bare)], name, value if equals else None


def formatted(value: Any, how: str) -> str:
    """Write a value as JSON, YAML, or the way a shell script likes it."""
    match how:
        case "json":
            return json.dumps(value) + "\n"
        case "yaml":
            return yaml.safe_dump(value, default_flow_style=False)
        case "smart":
            return _smart(value)
        case _:
            raise Refused(f'invalid value "{how}" for option --format', code=BAD_ARGUMENTS)


def _smart(value: Any) -> str:
    match value:
        case None:
            return ""
        case str() | bool() | int() | float():
            return f"{value}\n"
        case list() | tuple():
            return "".join(f"{item}\n" for item in value)  # pyright: ignore[reportUnknownVariableType]  # JSON
        case _:
            return yaml.safe_dump(value, default_flow_style=False)
