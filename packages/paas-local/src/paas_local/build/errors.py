"""The error of everything that reads or builds a project."""

import contextlib
from collections.abc import Generator
from pathlib import Path


class ProjectError(Exception):
    """A charm's or an application's folder cannot be used; the text is one line and names the file."""


@contextlib.contextmanager
def project_errors(source: Path) -> Generator[None]:
    """Raise an ``OSError`` as :class:`ProjectError`; ``source`` is named if the error names no file."""
    try:
        yield
    except OSError as error:
        raise ProjectError(f"{error.filename or source}: {error.strerror or error}") from error
