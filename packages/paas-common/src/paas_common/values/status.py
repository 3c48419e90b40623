"""Reasons why the application does not run as it should, in words for the operator."""

import collections.abc
import dataclasses
import typing


@dataclasses.dataclass(frozen=True)
class Blocked:
    """A person must act; the reason names what is wrong and the command that resolves it."""

    reason: str
    """The problem and the command that resolves it."""
    stop: bool = dataclasses.field(default=False, kw_only=True)
    """The application's services must be stopped."""


@dataclasses.dataclass(frozen=True)
class Waiting:
    """The cause passes without a person; the reason names what is awaited and the application that provides it."""

    reason: str
    """The awaited thing and the application that provides it."""
    stop: bool = dataclasses.field(default=False, kw_only=True)
    """The application's services must be stopped."""


Problem = Blocked | Waiting
WITHOUT_PEERS: typing.Final = Waiting("Waiting for peer integration")
"""The status until Juju has created the peer relation, and the leader the secret key."""


def combine(problems: collections.abc.Iterable[Problem]) -> Problem:
    """Return one problem with all reasons, blocked ones first; it is blocked if any is.

    Raises ``ValueError`` without a problem.
    """
    problems = tuple(problems)
    if not problems:
        raise ValueError("combine() needs at least one problem")
    blocked = [problem for problem in problems if isinstance(problem, Blocked)]
    waiting = [problem for problem in problems if isinstance(problem, Waiting)]
    reason = "; ".join(problem.reason for problem in (*blocked, *waiting))
    stop = any(problem.stop for problem in problems)
    return Blocked(reason, stop=stop) if blocked else Waiting(reason, stop=stop)
