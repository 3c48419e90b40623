"""The text of the modules that servers in the container use; they need nothing but the standard library."""

import pathlib

from paas_common.servers.payload import json_lines, wsgi


def json_lines_formatter() -> str:
    """Give the formatter of log lines as JSON."""
    return _text(json_lines.__file__)


def around_wsgi() -> str:
    """Give what Gunicorn does around an application."""
    return _text(wsgi.__file__)


def _text(path: str) -> str:
    return pathlib.Path(path).read_text(encoding="utf-8")
