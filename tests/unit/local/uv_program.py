"""A uv without an index: it resolves requirements to themselves, installs nothing, and records its calls."""

from pathlib import Path

import pytest
from paas_local.build import interpreters

_SCRIPT = """\
#!/bin/sh
echo "$@" >> "{log}"
for last; do :; done
case "$1 $2" in
  "pip compile")
    case "$*" in *" -"*) lines="$(cat)" ;; esac
    asked="$(cat *.txt 2> /dev/null; echo "$lines")"
    case "$asked" in
      *nosuch*)
        echo 'error: No solution found when resolving dependencies' >&2
        echo '  cause: Because nosuch was not found in the package registry.' >&2
        exit 1 ;;
    esac
    echo "$asked" | sed -n -E 's/^([A-Za-z0-9_.-]+).*/\\1==1.0/p' ;;
  "lock -q") : > uv.lock ;;
  "lock --check")
    if [ -e stale ]; then
      echo 'The lockfile at `uv.lock` needs to be updated, but `--check` was provided.' >&2
      exit 1
    fi ;;
  "python find") cat "$(dirname "$0")/pythons/$last" 2> /dev/null || exit 2 ;;
  "export --frozen") echo 'locked==2.0' ;;
  "venv "*)
    mkdir -p "$last/bin"
    : > "$last/bin/python" ;;
esac
"""


class Uv:
    """Path of the record."""

    def __init__(self, log: Path) -> None:
        self.log = log

    @property
    def commands(self) -> list[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []

    def count(self, start: str) -> int:
        return sum(command.startswith(start) for command in self.commands)


def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Uv:
    """Install it as the uv of this test, with an empty cache."""
    program, log = tmp_path / "uv", tmp_path / "uv.log"
    program.write_text(_SCRIPT.format(log=log))
    program.chmod(0o755)
    monkeypatch.setenv("UV", str(program))
    # the Python that runs paas-local is good enough for each base
    monkeypatch.setattr(interpreters, "PYTHONS", {})
    monkeypatch.delenv("UV_PYTHON", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Uv(log)
