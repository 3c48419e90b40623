"""The progress of a command: its steps and how long they took.

Steps are printed on stderr, so that a command's data can be piped. Without a terminal, each step is one plain line.
"""

import contextlib
import sys
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from rich.status import Status

SHORTEST_SHOWN = 0.5
"""Seconds; a shorter step leaves no line on a terminal."""


class Steps:
    """The steps of one command; a call with a step's text ends the last step and begins the next."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._spinner = _spinner(self._stream)
        self._step = ""
        self._since = 0.0

    def __call__(self, step: str) -> None:
        """Begin a step."""
        if step == self._step:
            return
        self.end(ok=True)
        self._step, self._since = step, time.monotonic()
        if self._spinner is None:
            click.echo(step, file=self._stream)
        else:
            self._spinner.update(step)
            self._spinner.start()

    def end(self, *, ok: bool) -> None:
        """End the step; ``ok`` is False if it failed."""
        step, self._step = self._step, ""
        if not step or self._spinner is None:
            return
        self._spinner.stop()
        seconds = time.monotonic() - self._since
        if not ok or seconds >= SHORTEST_SHOWN:
            mark = click.style("✓", fg="green") if ok else click.style("✗", fg="red")
            click.echo(f"{mark} {step} ({seconds:.1f} s)", file=self._stream)


@contextlib.contextmanager
def steps(stream: TextIO | None = None) -> Generator[Steps]:
    """Show the steps of the block, and end the last one with it."""
    current = Steps(stream)
    try:
        yield current
    except BaseException:
        current.end(ok=False)
        raise
    current.end(ok=True)


def _spinner(stream: TextIO) -> "Status | None":
    if not stream.isatty():
        return None
    # takes longer to import than most commands run
    from rich.console import Console  # noqa: PLC0415
    from rich.status import Status  # noqa: PLC0415

    return Status("", console=Console(file=stream))
