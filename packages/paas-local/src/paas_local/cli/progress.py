"""The progress of a command: its steps and how long they take.

Steps are printed on stderr, so that a command's data can be piped. A terminal shows the current step with its seconds;
elsewhere each step is one plain line, which a long step repeats with its seconds, so that no command looks dead.
"""

import contextlib
import sys
import threading
import time
from collections.abc import Generator
from typing import TYPE_CHECKING, TextIO

import click

from paas_local.build.progress import WARNING

if TYPE_CHECKING:
    from rich.status import Status

SHORTEST_SHOWN = 0.5
"""Seconds; a shorter step leaves no line on a terminal."""
REPEAT = 2.5
"""Seconds without a line, after which the current step is printed again."""
_TICK = 0.5
_UNNAMED = "working"


class Steps:
    """The steps of one command; a call with a step's text ends the last step and begins the next."""

    def __init__(self, stream: TextIO | None = None, *, quiet: bool = False, warned: set[str] | None = None) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._warned = set[str]() if warned is None else warned
        self._spinner = _spinner(self._stream)
        self._step = ""
        self._since = self._printed = time.monotonic()
        self._closed = threading.Event()
        self._repeater = threading.Thread(target=self._repeat, daemon=True)
        self._repeater.start()

    def __call__(self, step: str) -> None:
        """Begin a step."""
        if step.startswith(WARNING):
            if step not in self._warned:
                self._warned.add(step)
                self.end(ok=True)
                click.echo(step, file=self._stream)
            return
        if step == self._step:
            return
        self.end(ok=True)
        if self._closed.is_set():
            click.echo(step, file=self._stream)
            return
        self._step, self._since = step, time.monotonic()
        if self._spinner is None:
            if not self._quiet:
                click.echo(step, file=self._stream)
                self._printed = self._since
        else:
            self._spinner.update(step)
            self._spinner.start()

    def end(self, *, ok: bool) -> None:
        """End the step; ``ok`` is False if it failed."""
        step, self._step = self._step, ""
        now = time.monotonic()
        seconds, self._since = now - self._since, now
        if not step or self._spinner is None:
            return
        self._spinner.stop()
        if not self._quiet and (not ok or seconds >= SHORTEST_SHOWN):
            mark = click.style("✓", fg="green") if ok else click.style("✗", fg="red")
            click.echo(f"{mark} {step} ({seconds:.1f} s)", file=self._stream)

    def close(self, *, ok: bool) -> None:
        """End the last step, and repeat nothing any more; a later step is one plain line."""
        self._closed.set()
        self._repeater.join()
        self.end(ok=ok)

    def _repeat(self) -> None:
        while not self._closed.wait(min(_TICK, REPEAT)):
            step, now = self._step or _UNNAMED, time.monotonic()
            text = f"{step} ({now - self._since:.0f} s)"
            if now - max(self._since, self._printed) < REPEAT:
                continue
            if self._spinner is not None:
                self._spinner.update(text)
                self._spinner.start()
            else:
                click.echo(f"  … {text}", file=self._stream)
                self._printed = now


@contextlib.contextmanager
def steps(stream: TextIO | None = None, *, quiet: bool = False, warned: set[str] | None = None) -> Generator[Steps]:
    """Show the steps of the block, and end the last one with it.

    ``quiet`` shows only the steps that take long. A warning in ``warned`` is not shown again; new ones are added to it.
    """
    current = Steps(stream, quiet=quiet, warned=warned)
    try:
        yield current
    except BaseException:
        current.close(ok=False)
        raise
    current.close(ok=True)


def _spinner(stream: TextIO) -> "Status | None":
    if not stream.isatty():
        return None
    # takes longer to import than most commands run
    from rich.console import Console  # noqa: PLC0415
    from rich.status import Status  # noqa: PLC0415

    return Status("", console=Console(file=stream))
