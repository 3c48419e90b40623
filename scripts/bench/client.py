"""Starts a unit of ``unit.py`` and sends it commands."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

PROGRAM = Path(__file__).with_name("unit.py")


class Unit:
    """A unit that runs; a context manager, which stops it."""

    def __init__(self, folder: Path, **spec: Any) -> None:
        """Start a unit; ``spec`` has the fields of ``Spec`` except ``root``."""
        root = folder / "root"
        root.mkdir()
        document = folder / "spec.json"
        document.write_text(json.dumps({**spec, "root": str(root), "container": "flask-app"}))
        words = [sys.executable, str(PROGRAM), str(document)]
        self._process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def call(self, *words: str) -> Any:
        """Run a command and return its result."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the unit ended during {words}")
        return json.loads(line)

    def __enter__(self) -> "Unit":  # noqa: PYI034  Self is in Python 3.11 and newer
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
