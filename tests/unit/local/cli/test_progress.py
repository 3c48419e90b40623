"""What a person sees of the steps: moving on a terminal, one line each elsewhere."""

import io

import click
import pytest
from paas_local.cli import progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def shown(stream: io.StringIO) -> str:
    """Leave out colours and movements."""
    return click.unstyle(stream.getvalue())


def test_without_a_terminal_each_step_is_one_line():
    stream = io.StringIO()

    with progress.steps(stream) as step:
        step("packing")
        step("packing")
        step("installing")

    assert stream.getvalue() == "packing\ninstalling\n"


def test_on_a_terminal_a_quick_step_leaves_no_line():
    stream = Terminal()

    with progress.steps(stream) as step:
        step("packing")

    assert "✓" not in stream.getvalue()


def test_on_a_terminal_a_long_step_leaves_its_time(monkeypatch: pytest.MonkeyPatch):
    stream = Terminal()
    monkeypatch.setattr(progress, "WORTH_TELLING", 0.0)

    with progress.steps(stream) as step:
        step("packing")
        step("installing")

    assert "✓ packing (0.0 s)\n" in shown(stream)
    assert shown(stream).endswith("✓ installing (0.0 s)\n")


def test_on_a_terminal_a_step_that_fails_is_marked():
    stream = Terminal()

    def fail() -> None:
        with progress.steps(stream) as step:
            step("packing")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()

    assert "✗ packing" in shown(stream)
