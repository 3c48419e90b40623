"""Runner of real charmcraft commands in one process: ``python charmcraft_commands.py < commands.json``.

A command is ``[folder, words]``; the output is a list of ``[exit code, standard output, standard error]``. Importing
charmcraft takes seconds, so it is imported once, and each command runs in a fork.
"""

import importlib
import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def run(charmcraft: Callable[[], int], folder: str, words: list[str]) -> tuple[int, str, str]:
    """Run one command in a fork; return its exit code and outputs."""
    with tempfile.TemporaryDirectory() as above:
        files = [Path(above) / name for name in ("stdout", "stderr")]
        child = os.fork()
        if child == 0:
            for number, file in enumerate(files, start=1):
                os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), number)
            os.chdir(folder)
            sys.argv = ["charmcraft", *words]
            code = 1
            try:
                code = charmcraft()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        printed, complained = (file.read_text() for file in files)
        return code, printed, complained


def keep_the_machine() -> None:
    """Let ``charmcraft pack`` install no Debian packages and no snaps: the build uses what the machine has."""
    packages: Any = importlib.import_module("craft_parts.packages")
    repository = importlib.import_module("craft_parts.packages.base").DummyRepository
    packages._get_repository_for_platform = lambda: repository
    packages.snaps.install_snaps = list[str]
    # uv puts this Python first; the parts need another one first, and craftctl, which is next to this one.
    os.environ["PATH"] = f"{os.environ['PATH_OF_PARTS']}{os.pathsep}{Path(sys.executable).parent}"


def main() -> None:
    """Read the commands and print their results."""
    charmcraft = importlib.import_module("charmcraft.application.main").main
    keep_the_machine()
    commands: list[tuple[str, list[str]]] = json.load(sys.stdin)
    json.dump([run(charmcraft, folder, words) for folder, words in commands], sys.stdout)


if __name__ == "__main__":
    main()
