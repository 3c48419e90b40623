"""The version of the background process's API: a hash of its source, as a checkout changes without a new version."""

import functools
import hashlib
from pathlib import Path

_SOURCES = ("controller", "juju")
"""The folders that decide what a request may contain and what its answer has."""


@functools.cache
def user_agent() -> str:
    """Return the program's name and the version of the API, as they are in the header User-Agent.

    A process that runs for long names the source that it has loaded, not the one of a later ``git pull``.
    """
    version = hashlib.blake2b(digest_size=8)
    for folder in _SOURCES:
        for file in sorted((Path(__file__).parent / folder).rglob("*.py")):
            version.update(file.read_bytes())
    return f"paas-local/{version.hexdigest()}"
