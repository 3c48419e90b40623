"""The real charmcraft: it needs Python 3.12, and runs in an environment of its own, which uv caches."""

import json
import os
import subprocess
from pathlib import Path

import pytest
from paas_local.build import charmcraft_extensions, python_environments

CHARMCRAFT = "charmcraft==4.5.0"

Command = tuple[Path, list[str]]


def charmcraft(folder: Path, commands: list[Command], *, path: str = os.environ["PATH"], **more: str) -> list[str]:
    """Run charmcraft commands that must succeed; return their standard outputs.

    ``folder`` keeps charmcraft's state, ``path`` is the PATH of the parts, and ``more`` adds to the environment.
    """
    script = Path(__file__).parent / "charmcraft" / "charmcraft_commands.py"
    uv = (python_environments.find_uv(), "run", "--quiet", "--no-project", "--isolated")
    done = subprocess.run(
        [*uv, "--python", find_python("3.12"), "--with", CHARMCRAFT, "python", script],
        input=json.dumps([(str(place), words) for place, words in commands]),
        env={
            **os.environ,
            **more,
            "PATH_OF_PARTS": path,
            charmcraft_extensions.EXPERIMENTAL: "1",
            **_xdg_folders(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.fail(
            f"{CHARMCRAFT} needs Python 3.12, on PATH or in pyenv, and the package index: {done.stderr.strip()}"
        )
    answers: list[tuple[int, str, str]] = json.loads(done.stdout)
    for command, (code, _, stderr) in zip(commands, answers, strict=True):
        assert code == 0, f"{command}: {stderr}"
    return [stdout for _, stdout, _ in answers]


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
