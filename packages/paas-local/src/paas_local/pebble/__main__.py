"""The command line: ``python -m paas_local.pebble run --socket PATH --layers DIR``."""

import argparse
import asyncio
import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from paas_local.pebble import daemon
from paas_local.pebble.daemon import CannotRunError, Options
from paas_local.pebble.services import state_file

_DEFAULT_FOLDER = "/var/lib/pebble/default"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the daemon until a signal, a service or a check ends it; return the exit code."""
    try:
        options = read(sys.argv[1:] if arguments is None else arguments, os.environ)
        return asyncio.run(daemon.run(options))
    except CannotRunError as error:
        sys.stderr.write(f"cannot run daemon: {error}\n")
        return 1


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Read the command line, with defaults from ``PEBBLE`` and ``PEBBLE_SOCKET``; fill a new ``PEBBLE``."""
    words, service_arguments = _without_service_arguments(list(arguments))
    parser = argparse.ArgumentParser(prog="python -m paas_local.pebble", description=__doc__)
    run = parser.add_subparsers(required=True, metavar="run").add_parser("run", help="run the daemon")
    run.add_argument("--socket", type=Path, help="socket of the API; default: $PEBBLE_SOCKET")
    run.add_argument("--layers", type=Path, help="folder of layer files; default: $PEBBLE/layers")
    run.add_argument("--hold", action="store_true", help="do not start the enabled services")
    run.add_argument("--create-dirs", action="store_true", help="create $PEBBLE if it does not exist")
    run.add_argument("--http", default="", metavar="ADDRESS", help="answer health checks on HOST:PORT too")
    run.add_argument("--verbose", action="store_true", help="accepted for compatibility")
    parsed = parser.parse_args(words)
    folder = Path(environment.get("PEBBLE", _DEFAULT_FOLDER))
    if parsed.create_dirs:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _copy_once(environment.get("PEBBLE_COPY_ONCE", ""), folder)
    default = environment.get("PEBBLE_SOCKET") or folder / ".pebble.socket"
    return Options(
        socket=parsed.socket or Path(default),
        layers=parsed.layers or folder / "layers",
        state=folder / state_file.NAME if folder.is_dir() and environment.get("PEBBLE_PERSIST") != "never" else None,
        hold=parsed.hold,
        http=parsed.http,
        arguments=service_arguments,
    )


def _copy_once(source: str, folder: Path) -> None:
    """Copy the folder of an image, unless there is a folder that is not empty."""
    if source and Path(source).is_dir() and not (folder.is_dir() and any(folder.iterdir())):
        try:
            shutil.copytree(source, folder, dirs_exist_ok=True)
        except (OSError, shutil.Error) as error:
            raise CannotRunError(f'cannot copy "{source}" to "{folder}": {error}') from None


def _without_service_arguments(words: list[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Take out each ``--args NAME … ;``, the arguments of a service's command."""
    by_service: dict[str, tuple[str, ...]] = {}
    while "--args" in words:
        place = words.index("--args")
        end = words.index(";", place) if ";" in words[place:] else len(words)
        if end - place < 2:  # noqa: PLR2004  the flag and a name
            raise CannotRunError("--args needs the name of a service")
        by_service[words[place + 1]] = tuple(words[place + 2 : end])
        words = [*words[:place], *words[end + 1 :]]
    return words, by_service


if __name__ == "__main__":
    sys.exit(main())
