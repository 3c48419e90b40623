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

from .environments import Progress
from .project import ProjectError

_USUAL_PLACE = "/usr/local/go/bin"
_FLAGS = ("-trimpath", "-buildvcs=false")
# What only a debugger reads is a third of a link's time, and of what is copied on each save.
_LINK = "-ldflags"
_NO_DEBUGGER = f"{_LINK}=-w"
# Go tells what it downloads in the same place as what is wrong.
_NO_ERROR = ("#", "go: downloading ", "go: finding ")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What an author may say about it in the part that installs the application."""

    tags: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def build(source: Path, settings: Settings, folder: Path, progress: Progress) -> dict[str, Path]:
    """Compile all programs of a module into a folder; give where each lies, by its name."""
    if not (source / "go.mod").is_file():
        raise ProjectError(f"{source}: has no go.mod; make one with `go mod init`")
    program = go()
    progress(f"compiling {source} with {program}")
    _install(program, source, settings, folder)
    return {file.name: file for file in sorted(folder.iterdir())}


def go() -> str:
    """Find the program."""
    found = shutil.which("go") or shutil.which("go", path=_USUAL_PLACE)
    if found is None:
        raise ProjectError(
            f"go is neither on PATH nor in {_USUAL_PLACE}; install it: https://go.dev/dl, or your system's package"
        )
    return found


def _install(program: str, source: Path, settings: Settings, folder: Path) -> None:
    tags = [f"-tags={','.join(settings.tags)}"] if settings.tags else []
    # Without C, the program runs in every container, whatever its libraries.
    environment = {**os.environ, "CGO_ENABLED": "0", **settings.environment, "GOBIN": str(folder)}
    # An author's own would be lost: the command's go before those of GOFLAGS.
    link = [] if _LINK in environment.get("GOFLAGS", "") else [_NO_DEBUGGER]
    done = subprocess.run(
        [program, "install", *_FLAGS, *link, *tags, "./..."],
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
        raise ProjectError(f"{source}: {_first_error(done.stderr) or f'go install exited with {done.returncode}'}")


def _first_error(stderr: str) -> str:
    """Make one line of Go's first error, which may go on in lines that are indented."""
    lines = [line for line in stderr.splitlines() if line.strip() and not line.startswith(_NO_ERROR)]
    after = next((number for number, line in enumerate(lines[1:], start=1) if not line[0].isspace()), len(lines))
    return " ".join(line.strip() for line in lines[:after])
