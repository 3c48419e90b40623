"""The lines that the services of an application print."""

from collections.abc import Mapping
from datetime import datetime

_SECONDS = len("2026-01-01T00:00:00")


def text(line: Mapping[str, str]) -> str:
    """Return a line with its unit, its local time and its service: ``web/0: 05:12:44 [flask] text``."""
    time = datetime.fromisoformat(f"{line['time'][:_SECONDS]}+00:00").astimezone()
    return f"{line['unit']}: {time:%H:%M:%S} [{line['service']}] {line['message'].rstrip()}"
