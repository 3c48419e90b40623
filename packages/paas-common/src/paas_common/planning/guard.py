"""Runs code of the charm that uses this package; its exceptions become values.

A hook that fails is run again and again by Juju. So an error of such code becomes a status that names it, and the
traceback goes to the log.
"""

import collections.abc
import dataclasses
import traceback
import typing

from paas_common.values import environment

WIDTH: typing.Final = 300
"""Characters of an error in a status."""
AnswerT = typing.TypeVar("AnswerT")


@dataclasses.dataclass(frozen=True)
class Failure:
    """Code that raised; neither text has secrets."""

    reason: str
    """One line for the status."""
    traceback: str = dataclasses.field(repr=False)
    """For ``juju debug-log``."""


def run(
    name: str, secrets: collections.abc.Iterable[str], code: collections.abc.Callable[[], AnswerT]
) -> AnswerT | Failure:
    """Return the code's answer, or its failure with the secrets masked; ``name`` names the code in the status."""
    try:
        return code()
    except Exception as error:  # noqa: BLE001  any code can raise anything
        secrets = tuple(secrets)
        message = environment.mask(" ".join(str(error).split()), secrets)[:WIDTH]
        what = f"{type(error).__name__}: {message}" if message else type(error).__name__
        text = environment.mask("".join(traceback.format_exception(error)), secrets)
        return Failure(f"{name} failed: {what} (the traceback is in juju debug-log)", f"{name} failed:\n{text}")


def check_type(kind: type[AnswerT], value: object) -> AnswerT:
    """Return the value; raises ``TypeError`` if it has another type."""
    if not isinstance(value, kind):
        raise TypeError(f"expected {kind.__name__}, not {type(value).__name__}")
    return value
