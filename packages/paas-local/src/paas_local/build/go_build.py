"""The programs of a Go project, compiled with this machine's Go.

Go's own cache knows what is compiled already, also when a module of another folder has changed; and the same
source makes the same bytes, so that the image that holds them is found in the cache too.
"""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from paas_local.build import yaml_files
from paas_local.build.errors import ProjectError
from paas_local.build.progress import Progress

_USUAL_PLACE = "/usr/local/go/bin"
_FLAGS = "-trimpath -buildvcs=false"
# What only a debugger reads is a third of a link's time, and of what is copied on each save.
_LINK = "-ldflags"
_NO_DEBUGGER = f"{_LINK}=-w"
# Go tells what it downloads in the same place as what is wrong.
_NO_ERROR = ("#", "go: downloading ", "go: finding ")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an author may say about it in the part that is compiled."""

    tags: tuple[str, ...] = ()
    generate: tuple[str, ...] = ()
    """What ``go generate`` is asked for first, each by itself: packages, as ``./...``."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def settings(part: Mapping[str, Any], where: str) -> Settings:
    """Read them from a part."""
    return Settings(
        tags=yaml_files.strings(part, "go-buildtags", where),
        generate=yaml_files.strings(part, "go-generate", where),
        environment=_variables(part, where),
    )


def _variables(part: Mapping[str, Any], where: str) -> dict[str, str]:
    key = "build-environment"
    given: object = part.get(key) or []
    listed = cast("list[object]", given) if isinstance(given, list) else [given]
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in listed):
        raise ProjectError(f"{where}.{key}: has to be a list of mappings, as - CGO_ENABLED: 1")
    mappings = cast("list[Mapping[str, object]]", listed)
    return {name: str(value) for one in mappings for name, value in one.items()}


def build(source: Path, settings: Settings, folder: Path, progress: Progress) -> dict[str, Path]:
    """Compile all programs of a module into a folder; give where each lies, by its name."""
    if not (source / "go.mod").is_file():
        raise ProjectError(f"{source}: has no go.mod; make one with `go mod init`")
    program = find_go()
    progress(f"compiling {source} with {program}")
    for asked in settings.generate:
        _run([program, "generate", asked], source, settings, folder)
    tags = [f"-tags={','.join(settings.tags)}"] if settings.tags else []
    _run([program, "install", *tags, "./..."], source, settings, folder)
    return {file.name: file for file in sorted(folder.iterdir())}


def find_go() -> str:
    """Find the program."""
    found = shutil.which("go") or shutil.which("go", path=_USUAL_PLACE)
    if found is None:
        raise ProjectError(
            f"go is neither on PATH nor in {_USUAL_PLACE}; install it: https://go.dev/dl, or your system's package"
        )
    return found


def _run(command: list[str], source: Path, settings: Settings, folder: Path) -> None:
    # Without C, the program runs in every container, whatever its libraries.
    given = {**os.environ, "CGO_ENABLED": "0", **settings.environment}
    # As variables, they are also for what is called to generate something, which may install programs too.
    flags = [given.get("GOFLAGS", ""), _FLAGS]
    # A second -ldflags would take the place of an author's own.
    flags += [] if _LINK in flags[0] else [_NO_DEBUGGER]
    environment = {**given, "GOFLAGS": " ".join(flags).strip(), "GOBIN": str(folder)}
    done = subprocess.run(
        command,
        cwd=source,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        umask=0o022,
    )
    if done.returncode:
        reason = _first_error(done.stderr) or f"go {command[1]} exited with {done.returncode}"
        raise ProjectError(f"{source}: {reason}")


def _first_error(stderr: str) -> str:
    """Make one line of Go's first error, which may go on in lines that are indented."""
    lines = [line for line in stderr.splitlines() if line.strip() and not line.startswith(_NO_ERROR)]
    after = next((number for number, line in enumerate(lines[1:], start=1) if not line[0].isspace()), len(lines))
    return " ".join(line.strip() for line in lines[:after])
