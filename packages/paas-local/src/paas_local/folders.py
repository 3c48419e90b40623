"""Where paas-local keeps what it knows, and what it can make again.

A unix socket's path may have 107 bytes on Linux; the daemon's stands in :func:`home`, so a home too long
for it is refused here, where the person can still see which variable to change.
"""

import os
from pathlib import Path

SOCKET = "daemon.sock"
_LONGEST_SOCKET = 107


class FolderError(Exception):
    """A folder cannot be used; the text is one line for the person who named it."""


def home() -> Path:
    """Give the folder of models, state and the socket, made for this user only."""
    folder = _chosen("PAAS_LOCAL_HOME") or _base("XDG_DATA_HOME", ".local/share") / "paas-local"
    if len(os.fsencode(folder / SOCKET)) > _LONGEST_SOCKET:
        message = (
            f"the path {folder} is too long for a unix socket; set PAAS_LOCAL_HOME to a folder"
            f" of at most {_LONGEST_SOCKET - len(SOCKET) - 1} bytes"
        )
        raise FolderError(message)
    return _made(folder, 0o700)


def cache() -> Path:
    """Give the folder of what can be built again: charms, rocks, libraries, environments."""
    return _made(_base("XDG_CACHE_HOME", ".cache") / "paas-local", 0o755)


def _base(variable: str, below_home: str) -> Path:
    return _chosen(variable) or Path.home() / below_home


def _chosen(variable: str) -> Path | None:
    """Read a folder from the environment; empty and unset are the same, as XDG says."""
    text = os.environ.get(variable, "")
    return Path(text).absolute() if text else None


def _made(folder: Path, mode: int) -> Path:
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"cannot make the folder {folder}: {error.strerror}") from error
    return folder
