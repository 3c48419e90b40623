"""The source of the formatter that servers in the container use for JSON lines."""

import pathlib

from . import json_lines


def source() -> str:
    """Give the text of a module that needs nothing but the standard library."""
    return pathlib.Path(json_lines.__file__).read_text(encoding="utf-8")
