"""The process that runs a program in a container."""

import subprocess
import sys

from paas_local.pods import nsenter

DEAR = {"collections", "contextlib", "enum", "functools", "pathlib", "re", "resource", "signal", "typing"}


def test_it_starts_with_few_modules() -> None:
    python, *options, start, packages = nsenter.command(1, None, "/", [])[:-3]
    code = start.replace("raise SystemExit(main(argv[2:]))", "import sys; print(*sys.modules)")
    assert code != start

    output = subprocess.run([python, *options, code, packages], capture_output=True, text=True, check=True).stdout

    assert "paas_local.pods.nsenter" in output.split()
    assert not DEAR & set(output.split())


def test_the_command_names_the_process_the_user_and_the_folder() -> None:
    assert nsenter.command(7, 170, "/charm", ["dispatch", "-x"])[-5:] == ("7", "170", "/charm", "dispatch", "-x")
    assert nsenter.command(7, None, "/", ["id"])[-4:] == ("7", "-", "/", "id")
    assert nsenter.command(7, None, "/", ["id"])[0] == sys.executable
