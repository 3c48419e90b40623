"""Command lines of services, with default arguments.

``prog fixed [ default args ]``: the arguments in brackets can be replaced when the daemon starts.
"""

import re
import shlex
from dataclasses import dataclass

_WORD = r"""'(?P<literal>[^']*)'|"(?P<quoted>(?:[^"\\]|\\.)*)"|\\(?P<escaped>.)|(?P<plain>[^\s'"\\]+)"""
_INSIDE = re.compile(rf"(?s)(?P<between>\s+)|{_WORD}")
_BETWEEN = re.compile(rf"(?s)(?P<between>\s+|#[^\n]*)|{_WORD}")


class BadCommandError(ValueError):
    """A text that is not a command; the message says why."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments, and the arguments in brackets."""

    fixed: tuple[str, ...]
    default: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """All words, as they are executed."""
        return self.fixed + self.default


def split(text: str) -> tuple[str, ...]:
    """Split a text like a shell, without expansion.

    Unlike in a shell, a backslash makes *every* next character literal, also in double quotes.
    """
    words: list[str] = []
    word: str | None = None
    position = 0
    while position < len(text):
        piece = (_BETWEEN if word is None else _INSIDE).match(text, position)
        if piece is None:
            raise BadCommandError(_unfinished(text[position:]))
        position = piece.end()
        if piece["between"] is None:
            word = (word or "") + _text(piece)
        elif word is not None:
            words.append(word)
            word = None
    return tuple(words if word is None else [*words, word])


def _text(piece: re.Match[str]) -> str:
    if piece["quoted"] is not None:
        return re.sub(r"(?s)\\(.)", r"\1", piece["quoted"])
    return next(text for text in (piece["literal"], piece["escaped"], piece["plain"]) if text is not None)


def _unfinished(rest: str) -> str:
    backslashes = len(rest) - len(rest.rstrip("\\"))
    if backslashes % 2 and not rest.startswith("'"):
        return "EOF found after escape character"
    return "EOF found when expecting closing quote"


def parse(text: str) -> Command:
    """Split a command line into the fixed words and those in brackets."""
    fixed: list[str] = []
    default: list[str] = []
    inside = closed = False
    for word in split(text):
        if closed:
            raise BadCommandError("cannot have any arguments after [ ... ] group")
        if word == "[":
            if inside:
                raise BadCommandError("cannot nest [ ... ] groups")
            if not fixed:
                raise BadCommandError("cannot start command with [ ... ] group")
            inside = True
        elif word == "]":
            if not inside:
                raise BadCommandError("cannot have ] outside of [ ... ] group")
            inside, closed = False, True
        else:
            (default if inside else fixed).append(word)
    return Command(tuple(fixed), tuple(default))


def with_arguments(text: str, arguments: tuple[str, ...]) -> str:
    """Replace the default arguments of a command line."""
    return f"{shlex.join(parse(text).fixed)} [ {shlex.join(arguments)} ]"
