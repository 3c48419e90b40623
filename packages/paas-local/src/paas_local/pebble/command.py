"""Which words does a service's command line have, and which of them are only defaults?

``prog fixed [ default args ]``: the words in brackets may be replaced when the daemon starts.
"""

import shlex
from dataclasses import dataclass


class BadCommandError(ValueError):
    """The text is no command; the message says why."""


@dataclass(frozen=True)
class Command:
    """A program with its arguments, and the arguments that stand in brackets."""

    fixed: tuple[str, ...]
    default: tuple[str, ...] = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What is executed."""
        return self.fixed + self.default


def split(text: str) -> tuple[str, ...]:
    """Split like a shell would, without expanding anything.

    Unlike in a shell, a backslash makes *every* next character literal, in double quotes too.
    """
    words: list[str] = []
    word: list[str] | None = None
    quote = ""
    characters = iter(text)
    for character in characters:
        if quote == "'" and character != "'":
            word = [*(word or []), character]
        elif character == "\\":
            following = next(characters, None)
            if following is None:
                raise BadCommandError("EOF found after escape character")
            word = [*(word or []), following]
        elif quote:
            if character == quote:
                quote = ""
            else:
                word = [*(word or []), character]
        elif character in "'\"":
            quote = character
            word = word or []
        elif character in " \t\r\n":
            if word is not None:
                words.append("".join(word))
            word = None
        elif character == "#" and word is None:
            for ignored in characters:
                if ignored == "\n":
                    break
        else:
            word = [*(word or []), character]
    if quote:
        raise BadCommandError("EOF found when expecting closing quote")
    if word is not None:
        words.append("".join(word))
    return tuple(words)


def parse(text: str) -> Command:
    """Tell the fixed words from those in brackets."""
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
    """Put other words in place of the default ones."""
    return f"{shlex.join(parse(text).fixed)} [ {shlex.join(arguments)} ]"
