"""What a person sees while a command works: the step it is at, how long that took, nothing when it is quick.

Steps go to stderr, so that a command's data can be piped. Where stderr is no terminal there is one line for
each step and nothing moves.
"""

import contextlib
import sys
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from rich.status import Status

WORTH_TELLING = 0.5
"""Seconds; a step that was quicker leaves no line on a terminal."""


class Steps:
    """The steps of one command; calling it with some words ends one step and begins the next."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._spinner = _spinner(self._stream)
        self._step = ""
        self._since = 0.0

    def __call__(self, words: str) -> None:
        """Begin a step."""
        if words == self._step:
            return
        self.end(well=True)
        self._step, self._since = words, time.monotonic()
        if self._spinner is None:
            click.echo(words, file=self._stream)
        else:
            self._spinner.update(words)
            self._spinner.start()

    def end(self, *, well: bool) -> None:
        """End the step, whether it ended well or not."""
        step, self._step = self._step, ""
        if not step or self._spinner is None:
            return
        self._spinner.stop()
        seconds = time.monotonic() - self._since
        if not well or seconds >= WORTH_TELLING:
            mark = click.style("✓", fg="green") if well else click.style("✗", fg="red")
            click.echo(f"{mark} {step} ({seconds:.1f} s)", file=self._stream)


@contextlib.contextmanager
def steps(stream: TextIO | None = None) -> Generator[Steps]:
    """Show steps until the block ends, and leave a clean line behind."""
    shown = Steps(stream)
    try:
        yield shown
    except BaseException:
        shown.end(well=False)
        raise
    shown.end(well=True)


def _spinner(stream: TextIO) -> "Status | None":
    if not stream.isatty():
        return None
    # Takes longer to load than most commands take.
    from rich.console import Console  # noqa: PLC0415
    from rich.status import Status  # noqa: PLC0415

    return Status("", console=Console(file=stream))
