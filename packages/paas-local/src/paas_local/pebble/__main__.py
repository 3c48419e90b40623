"""Start the supervisor: ``python -m paas_local.pebble run --socket PATH --layers DIR``."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from paas_local.pebble import daemon
from paas_local.pebble.daemon import CannotRunError, Options

_DEFAULT_FOLDER = "/var/lib/pebble/default"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal, a service or a check ends it."""
    try:
        options = read(sys.argv[1:] if arguments is None else arguments, os.environ)
        return asyncio.run(daemon.run(options))
    except CannotRunError as error:
        sys.stderr.write(f"cannot run daemon: {error}\n")
        return 1


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Read the command line; what it leaves out comes from ``PEBBLE`` and ``PEBBLE_SOCKET``."""
    plain, given = _without_service_arguments(list(arguments))
    parser = argparse.ArgumentParser(prog="python -m paas_local.pebble", description=__doc__)
    run = parser.add_subparsers(required=True, metavar="run").add_parser("run", help="run the supervisor")
    run.add_argument("--socket", type=Path, help="where to listen; default: $PEBBLE_SOCKET")
    run.add_argument("--layers", type=Path, help="folder of layer files; default: $PEBBLE/layers")
    run.add_argument("--hold", action="store_true", help="start no services by itself")
    run.add_argument("--create-dirs", action="store_true", help="make $PEBBLE if it is not there")
    run.add_argument("--http", default="", metavar="ADDRESS", help="also answer health checks on HOST:PORT")
    run.add_argument("--verbose", action="store_true", help="accepted for compatibility")
    parsed = parser.parse_args(plain)
    folder = Path(environment.get("PEBBLE", _DEFAULT_FOLDER))
    if parsed.create_dirs:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    default = environment.get("PEBBLE_SOCKET") or folder / ".pebble.socket"
    return Options(
        socket=parsed.socket or Path(default),
        layers=parsed.layers or folder / "layers",
        hold=parsed.hold,
        http=parsed.http,
        arguments=given,
    )


def _without_service_arguments(words: list[str]) -> tuple[list[str], dict[str, tuple[str, ...]]]:
    """Take out each ``--args NAME … ;``: what stands in it is not for us."""
    given: dict[str, tuple[str, ...]] = {}
    while "--args" in words:
        place = words.index("--args")
        end = words.index(";", place) if ";" in words[place:] else len(words)
        if end - place < 2:  # noqa: PLR2004  the flag and a name
            raise CannotRunError("--args needs the name of a service")
        given[words[place + 1]] = tuple(words[place + 2 : end])
        words = [*words[:place], *words[end + 1 :]]
    return words, given


if __name__ == "__main__":
    sys.exit(main())
