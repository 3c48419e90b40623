"""The steps of a command: a spinner on a terminal, one line each elsewhere."""

import io
import re

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
