"""The callback that shows a person one line about each slow step."""

from collections.abc import Callable

Progress = Callable[[str], None]
