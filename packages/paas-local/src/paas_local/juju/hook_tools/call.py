"""One call of a hook tool: its arguments, the model that it reads, and its reply.

Arguments follow Go's flag rules: ``--flag=value`` or ``--flag value``, flags and words mixed, a boolean flag takes
only ``=value``, and after ``--`` everything is a word. ``-`` alone is a word.
"""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from paas_local.juju import go_values
from paas_local.juju.errors import JujuError
from paas_local.juju.hook_context import HookContext, PendingWrites
from paas_local.juju.model import Model

BAD_ARGUMENTS = 2


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request from the agent's socket; ``files`` maps each file in an argument to its content."""

    tool: str
    arguments: Sequence[str] = ()
    stdin: str = ""
    files: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """The state that a tool reads: the hook's context, the current model, the time, and an unused secret id."""

    hook: HookContext
    model: Model
    now: float
    fresh_id: str = ""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A tool's output, the hook's pending writes after it, and the model with its immediate changes."""

    writes: PendingWrites
    model: Model
    stdout: str = ""
    stderr: str = ""
    code: int = 0
    log: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Flags:
    """The flags of a tool: those with a value, the booleans, and the one-letter names of either."""

    values: frozenset[str] = frozenset()
    booleans: frozenset[str] = frozenset()
    letters: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The parsed arguments of a call."""

    words: tuple[str, ...] = ()
    flags: Mapping[str, str] = field(default_factory=dict[str, str])

    def word(self, index: int, default: str = "") -> str:
        """Return one word."""
        return self.words[index] if index < len(self.words) else default

    def on(self, name: str) -> bool:
        """Return whether a boolean flag is set."""
        text = self.flags.get(name, "false")
        value = go_values.boolean(text)
        if value is None:
            raise JujuError(f'invalid boolean value "{text}" for --{name}', code=BAD_ARGUMENTS)
        return value


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request with parsed arguments and its context."""

    tool_context: ToolContext
    request: Request
    arguments: Arguments

    @property
    def context(self) -> HookContext:
        """Return the context of the calling hook."""
        return self.tool_context.hook

    @property
    def writes(self) -> PendingWrites:
        """Return the hook's pending writes before this call."""
        return self.tool_context.hook.writes

    @property
    def model(self) -> Model:
        """Return the current model."""
        return self.tool_context.model

    @property
    def now(self) -> float:
        """Return the time of the call."""
        return self.tool_context.now

    def reply(self, stdout: str = "", *, log: tuple[tuple[str, str], ...] = ()) -> Reply:
        """Return a reply that changes nothing."""
        return Reply(writes=self.writes, model=self.model, stdout=stdout, log=log)

    def document(self, value: Any) -> Reply:
        """Return a reply with a value in the requested format."""
        return self.reply(formatted(value, self.arguments.flags.get("format", "smart")))

    def writing(self, **changes: Any) -> Reply:
        """Return an empty reply that adds to the hook's pending writes."""
        return Reply(writes=dataclasses.replace(self.writes, **changes), model=self.model)

    def changing(self, model: Model) -> Reply:
        """Return an empty reply that changes the model at once."""
        return Reply(writes=self.writes, model=model)

    def text(self, name: str) -> str:
        """Return the content of a file in the arguments."""
        if name == "-":
            return self.request.stdin
        if name not in self.request.files:
            raise JujuError(f"open {name}: no such file or directory")
        return self.request.files[name]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """One hook tool."""

    run: Callable[[Call], Reply]
    flags: Flags = Flags()


_OUTPUT = frozenset({"format", "output"})
_LETTERS = {"r": "relation", "s": "storage", "o": "output"}


def flags(*values: str, booleans: Sequence[str] = (), letters: Mapping[str, str] | None = None) -> Flags:
    """Return the flags of a tool; every tool has those of the output."""
    return Flags(
        values=frozenset(values) | _OUTPUT,
        booleans=frozenset(booleans),
        letters={**_LETTERS, **(letters or {})},
    )


def parse(flags: Flags, arguments: Sequence[str]) -> Arguments:
    """Return the arguments as words and flags."""
    words: list[str] = []
    values: dict[str, str] = {}
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
        name = flags.letters.get(name, name)
        if name in flags.booleans:
            values[name] = value if value is not None else "true"
        elif name not in flags.values:
            raise JujuError(f"option provided but not defined: {dashes}{name}", code=BAD_ARGUMENTS)
        elif value is not None:
            values[name] = value
        elif rest:
            values[name] = rest.pop(0)
        else:
            raise JujuError(f"option needs an argument: {dashes}{name}", code=BAD_ARGUMENTS)
    return Arguments(words=tuple(words), flags=values)


def _split(argument: str) -> tuple[str, str, str | None]:
    bare = argument.lstrip("-")
    name, equals, value = bare.partition("=")
    return argument[: len(argument) - len(bare)], name, value if equals else None


def formatted(value: Any, output_format: str) -> str:
    """Return a value as JSON, as YAML, or in the smart format for shell scripts."""
    match output_format:
        case "json":
            return json.dumps(value) + "\n"
        case "yaml":
            return yaml.safe_dump(value, default_flow_style=False)
        case "smart":
            return _smart(value)
        case _:
            raise JujuError(f'invalid value "{output_format}" for option --format', code=BAD_ARGUMENTS)


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
