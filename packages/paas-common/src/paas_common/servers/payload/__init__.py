"""Modules whose source text runs inside the workload container, where this package is not installed.

They need the standard library only, and OpenTelemetry if the application has it.
"""

import pathlib

from . import json_lines, wsgi


def json_lines_source() -> str:
    """Return the source of the formatter for JSON log lines."""
    return _source(json_lines.__file__)


def wsgi_source() -> str:
    """Return the source of the wrappers around a WSGI application."""
    return _source(wsgi.__file__)


def _source(path: str) -> str:
    return pathlib.Path(path).read_text(encoding="utf-8")
