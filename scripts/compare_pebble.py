"""Comparison of a Pebble with the recorded conversations that the built-in Pebble is tested with.

    sudo scripts/uv run python scripts/compare_pebble.py /usr/bin/pebble

Each scenario of ``tests/local/pebble/transcripts.json`` is played against daemons of the given program, as the tests
play it against the built-in Pebble. The differences are printed; the exit status is 1 if there are any.

``--record`` puts each answer that differs into the recording, with placeholders for ids, times and folders, and prints
what it could not record: the times and processes that a note describes.
"""

import argparse
import asyncio
import json
import os
import pathlib
import sys
import typing

ROOT: typing.Final = pathlib.Path(__file__).parent.parent
TRANSCRIPTS: typing.Final = ROOT / "tests/local/pebble/transcripts.json"
sys.path.insert(0, str(ROOT / "tests/local/pebble"))

import pebble_record  # noqa: E402  found in tests/local/pebble
import pebble_replay  # noqa: E402

AT_ONCE: typing.Final = 4


def main() -> None:
    """Play the scenarios, and print the differences."""
    parser = argparse.ArgumentParser(description=str(__doc__), formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path, help="path of a pebble")
    parser.add_argument("scenarios", nargs="*", help="names of scenarios, if not all", metavar="SCENARIO")
    parser.add_argument("--record", action="store_true", help="write the answers into the recording")
    arguments = parser.parse_args()
    if os.getuid() != 0:
        raise SystemExit("compare_pebble.py must run as root, as the recording did (sudo)")
    transcripts = json.loads(TRANSCRIPTS.read_text())
    recorded = transcripts["scenarios"]
    if unknown := set(arguments.scenarios) - recorded.keys():
        raise SystemExit(f"no such scenario: {', '.join(sorted(unknown))}")
    played = {name: recorded[name]["steps"] for name in arguments.scenarios or recorded}
    program = str(arguments.program.resolve())
    differences = asyncio.run(pebble_replay.replay(played, AT_ONCE, program, records=arguments.record))
    if arguments.record:
        pebble_record.write(TRANSCRIPTS, transcripts)
    differing = {name: difference for name, difference in differences.items() if difference}
    for name, difference in differing.items():
        sys.stdout.write(f"{name}: {difference}\n\n")
    sys.stdout.write(f"{len(played) - len(differing)} of {len(played)} scenarios are as recorded\n")
    raise SystemExit(1 if differing else 0)


if __name__ == "__main__":
    main()
