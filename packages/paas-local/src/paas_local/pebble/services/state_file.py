"""The state that survives the daemon, in ``.pebble.state``: changes, notices and identities."""

import asyncio
import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

NAME = ".pebble.state"


class Part(Protocol):
    """A part of the state."""

    def kept(self) -> Any:
        """Return its content as JSON."""
        ...

    def restore(self, kept: Any) -> None:
        """Take over the content of an earlier daemon."""
        ...


class StateFile:
    """The file, written after each change of a part; nothing is written without a path."""

    def __init__(self, path: Path | None) -> None:
        self._path: Path | None = path
        self._parts: Mapping[str, Part] = {}
        self._scheduled: bool = False

    def load(self, parts: Mapping[str, Part]) -> None:
        """Restore the parts from the file, if there is one."""
        if self._path is not None:
            with contextlib.suppress(FileNotFoundError):
                kept = json.loads(self._path.read_bytes())
                for name, part in parts.items():
                    part.restore(kept[name])
        self._parts = parts

    def changed(self) -> None:
        """Write the file once for all changes of this turn of the event loop."""
        if self._path is None or self._scheduled:
            return
        self._scheduled = True
        asyncio.get_running_loop().call_soon(self.write)

    def write(self) -> None:
        """Replace the file."""
        self._scheduled = False
        if self._path is None:
            return
        new = self._path.with_name(f"{self._path.name}.new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump({name: part.kept() for name, part in self._parts.items()}, file)
        new.replace(self._path)
