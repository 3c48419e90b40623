"""The folders of paas-local: the home with its models, and the cache.

The sockets of the daemon and of the launcher of the pods are in the home. On Linux a socket's path has at most 107
bytes, so :func:`home` rejects a longer one and names the variable to change.
"""

import os
from pathlib import Path

SOCKET = "daemon.sock"
LAUNCHER_SOCKET = "run/pods"
_LONGEST_SOCKET = 107


class FolderError(Exception):
    """A folder cannot be used; the text is one line for the user."""


def home() -> Path:
    """Return the folder of models, state and the socket, which only this user may read."""
    folder = _from_environment("PAAS_LOCAL_HOME") or _xdg_folder("XDG_DATA_HOME", ".local/share") / "paas-local"
    if len(os.fsencode(folder / SOCKET)) > _LONGEST_SOCKET:
        message = (
            f"the path {folder} is too long for a unix socket; set PAAS_LOCAL_HOME to a folder"
            f" of at most {_LONGEST_SOCKET - len(SOCKET) - 1} bytes"
        )
        raise FolderError(message)
    return _created(folder, 0o700)


def cache() -> Path:
    """Return the folder of what can be built again: charms, rocks, libraries, environments."""
    return _created(_xdg_folder("XDG_CACHE_HOME", ".cache") / "paas-local", 0o755)


def _xdg_folder(variable: str, below_home: str) -> Path:
    return _from_environment(variable) or Path.home() / below_home


def _from_environment(variable: str) -> Path | None:
    """Return the folder in a variable; XDG treats an empty one as unset."""
    text = os.environ.get(variable, "")
    return Path(text).absolute() if text else None


def _created(folder: Path, mode: int) -> Path:
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"cannot create the folder {folder}: {error.strerror}") from error
    return folder
