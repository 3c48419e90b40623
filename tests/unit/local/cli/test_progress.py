"""The steps of a command: a spinner on a terminal, one line each elsewhere."""

import io
import re
import time
from collections.abc import Callable

import click
import pytest
from paas_local.cli import progress


class Terminal(io.StringIO):
    """A stream that claims to be a terminal."""

    def isatty(self) -> bool:
        return True


def plain(stream: io.StringIO) -> str:
    """Return the output without colours and cursor movements."""
    return click.unstyle(stream.getvalue())


def test_without_a_terminal_each_step_is_one_line():
    stream = io.StringIO()

    with progress.steps(stream) as step:
        step("packing")
        step("packing")
        step("installing")

    assert stream.getvalue() == "packing\ninstalling\n"


def test_a_warning_that_was_shown_before_is_not_repeated():
    stream = io.StringIO()
    warned: set[str] = set()

    for text in ("WARNING no Python 3.12", "WARNING no Python 3.12", "WARNING stale"):
        with progress.steps(stream, quiet=True, warned=warned) as step:
            step(text)

    assert stream.getvalue() == "WARNING no Python 3.12\nWARNING stale\n"


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("quiet", [False, True])
def test_a_long_step_is_repeated_without_a_terminal(monkeypatch: pytest.MonkeyPatch, quiet: bool):
    stream = io.StringIO()
    monkeypatch.setattr(progress, "REPEAT", 0.01)

    with progress.steps(stream, quiet=quiet) as step:
        step("compiling")
        eventually(lambda: stream.getvalue().count("  … compiling (0 s)\n") > 1)

    assert ("compiling" in stream.getvalue().splitlines()) is not quiet


def test_the_seconds_after_a_warning_are_not_those_of_the_step_before(monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    monkeypatch.setattr(progress, "REPEAT", 0.01)
    now = time.monotonic

    with progress.steps(stream) as step:
        step("installing")
        monkeypatch.setattr("time.monotonic", lambda: now() + 60)
        step("WARNING no Python 3.12")
        eventually(lambda: "  … working (0 s)\n" in stream.getvalue())

    assert "working (60 s)" not in stream.getvalue()


def test_a_request_without_a_step_is_not_silent_either(monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    monkeypatch.setattr(progress, "REPEAT", 0.01)

    with progress.steps(stream):
        eventually(lambda: "  … working (0 s)\n" in stream.getvalue())


def test_a_terminal_shows_the_seconds_of_a_long_step(monkeypatch: pytest.MonkeyPatch):
    stream = Terminal()
    monkeypatch.setattr(progress, "REPEAT", 0.01)

    with progress.steps(stream) as step:
        step("compiling")
        eventually(lambda: "compiling (0 s)" in plain(stream))


def test_nothing_is_repeated_after_the_end(monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    monkeypatch.setattr(progress, "REPEAT", 0.0)

    with progress.steps(stream) as step:
        pass
    before = stream.getvalue()
    step("late")

    assert stream.getvalue() == before + "late\n"


def test_a_quick_step_leaves_no_line_on_a_terminal():
    stream = Terminal()

    with progress.steps(stream) as step:
        step("packing")

    assert "✓" not in stream.getvalue()


def test_a_long_step_leaves_its_time_on_a_terminal(monkeypatch: pytest.MonkeyPatch):
    stream = Terminal()
    monkeypatch.setattr(progress, "SHORTEST_SHOWN", 0.0)

    with progress.steps(stream) as step:
        step("packing")
        step("installing")

    lines = re.findall(r"✓ (\w+) \(\d+\.\d s\)\n", plain(stream))
    assert lines == ["packing", "installing"]


def test_a_failed_step_is_marked_on_a_terminal():
    stream = Terminal()

    def fail() -> None:
        with progress.steps(stream) as step:
            step("packing")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()

    assert "✗ packing" in plain(stream)
