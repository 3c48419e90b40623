"""Errors of Pebble as statuses."""

import logging
import typing

import ops
import ops.pebble

from paas_common.planning.guard import WIDTH
from paas_common.values.status import Waiting

logger = logging.getLogger(__name__)

LINES: typing.Final = 3
"""Last lines of a program's output in a status."""
ERRORS: typing.Final = (ops.pebble.Error, OSError)
"""Everything that a request to Pebble raises; the error passes, or occurs again at the next event."""


def waiting(container: ops.Container, error: Exception) -> Waiting:
    """Return the status after an error of Pebble."""
    logger.warning("Pebble in container %s: %s", container.name, error)
    message = " ".join(str(error).split())[:WIDTH] or "it gave no reason"
    return Waiting(f"Pebble in container {container.name} failed: {message} (it is tried again at the next event)")


def last_lines(lines: list[str]) -> str:
    """Return the last lines of an output as one line for a status."""
    kept = [line.strip() for line in lines if line.strip()][-LINES:]
    return " | ".join(kept)[-WIDTH:]
