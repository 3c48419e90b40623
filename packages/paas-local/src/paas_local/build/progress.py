"""The callback that shows a person one line about each slow step."""

from collections.abc import Callable

Progress = Callable[[str], None]

WARNING = "WARNING "
"""The start of a text that is not a step but a warning for the author of the project."""


def warn(progress: Progress, text: str) -> None:
    """Show a warning."""
    progress(f"{WARNING}{text}")
