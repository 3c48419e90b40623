"""The real charmcraft: it needs Python 3.12, and runs in an environment of its own, which uv caches."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from paas_local.build import charmcraft_extensions, interpreters

CHARMCRAFT = "charmcraft==4.5.0"

Command = tuple[Path, list[str]]


def charmcraft(folder: Path, commands: list[Command], *, path: str = os.environ["PATH"], **more: str) -> list[str]:
    """Run charmcraft commands that must succeed; return their standard outputs.

    ``folder`` keeps charmcraft's state, ``path`` is the PATH of the parts, and ``more`` adds to the environment.
    """
    answers = _run(folder, commands, path, more)
    for command, (code, _, stderr) in zip(commands, answers, strict=True):
        assert code == 0, f"{command}: {stderr}"
    return [stdout for _, stdout, _ in answers]


def charmcraft_refusal(folder: Path, command: Command) -> str:
    """Run a charmcraft command that must fail; return its standard error."""
    ((code, _, stderr),) = _run(folder, [command], os.environ["PATH"], {})
    assert code != 0
    return stderr


def charmcraft_python(script: str) -> str:
    """Run a script in the Python of charmcraft; return its output."""
    return _python(["-c", script], "", os.environ)


def _run(folder: Path, commands: list[Command], path: str, more: Mapping[str, str]) -> list[tuple[int, str, str]]:
    script = Path(__file__).parent / "charmcraft" / "charmcraft_commands.py"
    environment = {
        **os.environ,
        **more,
        "PATH_OF_PARTS": path,
        charmcraft_extensions.EXPERIMENTAL: "1",
        **_xdg_folders(folder),
    }
    return json.loads(
        _python([str(script)], json.dumps([(str(place), words) for place, words in commands]), environment)
    )


def _python(words: list[str], text: str, environment: Mapping[str, str]) -> str:
    uv = (interpreters.find_uv(), "run", "--quiet", "--no-project", "--isolated")
    command = [*uv, "--python", find_python("3.12"), "--with", CHARMCRAFT, "python", *words]
    done = subprocess.run(command, input=text, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.fail(
            f"{CHARMCRAFT} needs Python 3.12, on PATH or in pyenv, and the package index: {done.stderr.strip()}"
        )
    return done.stdout


def _xdg_folders(folder: Path) -> dict[str, str]:
    """Create folders for the state and logs of charmcraft, outside the user's home."""
    places = {name: folder / name.lower() for name in ("XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")}
    for place in places.values():
        place.mkdir(mode=0o700, exist_ok=True)
    return {name: str(place) for name, place in places.items()}


def find_python(version: str) -> str:
    """Find an interpreter; otherwise return its version, for uv to find or download it."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [*map(Path, os.get_exec_path()), *sorted(pyenv.glob(f"versions/{version}.*/bin"))]
    places = (str(folder / f"python{version}") for folder in folders)
    return next((place for place in places if _is_interpreter(place)), version)


def _is_interpreter(place: str) -> bool:
    """Return whether a file runs Python; a shim of pyenv may not."""
    try:
        return subprocess.run([place, "-c", ""], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
