"""Programs of a Go module, compiled with this machine's Go.

Go's own cache decides what is compiled again, also after a change of a module in another folder. Builds are
reproducible, so that the cache of images recognises an unchanged program.
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

_DEFAULT_FOLDER = "/usr/local/go/bin"
_FLAGS = "-trimpath -buildvcs=false"
# Debug information takes a third of a link's time, and of each copy into a container.
_LINK = "-ldflags"
_NO_DEBUG_INFORMATION = f"{_LINK}=-w"
# Go writes downloads and errors to the same stream.
_NO_ERROR = ("#", "go: downloading ", "go: finding ")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of a part with the plugin ``go``."""

    tags: tuple[str, ...] = ()
    generate: tuple[str, ...] = ()
    """Packages for ``go generate``, as ``./...``; it runs once for each."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])


def settings(part: Mapping[str, Any], where: str) -> Settings:
    """Read the settings of a part."""
    return Settings(
        tags=yaml_files.strings(part, "go-buildtags", where),
        generate=yaml_files.strings(part, "go-generate", where),
        environment=_variables(part, where),
    )


def _variables(part: Mapping[str, Any], where: str) -> dict[str, str]:
    key = "build-environment"
    value: object = part.get(key) or []
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in items):
        raise ProjectError(f"{where}.{key}: must be a list of mappings, as - CGO_ENABLED: 1")
    mappings = cast("list[Mapping[str, object]]", items)
    return {name: str(value) for mapping in mappings for name, value in mapping.items()}


def build(source: Path, settings: Settings, folder: Path, progress: Progress) -> dict[str, Path]:
    """Compile all programs of a module into a folder; returns them by name."""
    if not (source / "go.mod").is_file():
        raise ProjectError(f"{source}: has no go.mod; make one with `go mod init`")
    program = find_go()
    progress(f"compiling {source} with {program}")
    for packages in settings.generate:
        _run([program, "generate", packages], source, settings, folder)
    tags = [f"-tags={','.join(settings.tags)}"] if settings.tags else []
    _run([program, "install", *tags, "./..."], source, settings, folder)
    return {file.name: file for file in sorted(folder.iterdir())}


def find_go() -> str:
    """Return the path of the program."""
    program = shutil.which("go") or shutil.which("go", path=_DEFAULT_FOLDER)
    if program is None:
        raise ProjectError(
            f"go is neither on PATH nor in {_DEFAULT_FOLDER}; install it: https://go.dev/dl, or your system's package"
        )
    return program


def _run(command: list[str], source: Path, settings: Settings, folder: Path) -> None:
    # A program without C code runs in every container, whatever libraries it has.
    environment = {**os.environ, "CGO_ENABLED": "0", **settings.environment}
    # Flags in the environment also apply to go commands that `go generate` runs.
    flags = [environment.get("GOFLAGS", ""), _FLAGS]
    # A second -ldflags would replace the author's.
    flags += [] if _LINK in flags[0] else [_NO_DEBUG_INFORMATION]
    environment |= {"GOFLAGS": " ".join(flags).strip(), "GOBIN": str(folder)}
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
    """Return Go's first error in one line; indented lines continue an error."""
    lines = [line for line in stderr.splitlines() if line.strip() and not line.startswith(_NO_ERROR)]
    end = next((number for number, line in enumerate(lines[1:], start=1) if not line[0].isspace()), len(lines))
    return " ".join(line.strip() for line in lines[:end])
