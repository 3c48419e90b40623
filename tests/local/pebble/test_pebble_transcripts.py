"""The answers of the daemon are those of the recorded Pebble; and so are those of a real Pebble on the PATH."""

import asyncio
import functools
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pebble_replay
import pytest

SCENARIOS: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("transcripts.json").read_text())["scenarios"]

PEBBLES = {"built-in": None} | ({"real": program} if (program := shutil.which("pebble")) else {})
STATE_FILE = ".pebble.state"
# These change users, or read files of root; the suite plays them only as root.
NEED_ROOT = frozenset(
    [
        "access-other-uid",
        "check-exec-context",
        "daemon-not-root",
        "exec-context",
        "exec-service-context",
        "files-list",
        "files-make-dirs",
        "files-write",
        "identities-access",
        "notices-users",
        "service-environment",
    ]
)
PLAYED = sorted(SCENARIOS if os.getuid() == 0 else SCENARIOS.keys() - NEED_ROOT)
AT_ONCE = 12
# Scenarios mostly wait, so many are played side by side; in parts, which the workers of xdist share.
PARTS = [PLAYED[start : start + 40] for start in range(0, len(PLAYED), 40)]


def steps(name: str) -> list[dict[str, Any]]:
    """Return the steps of a scenario; the content of the state file is each Pebble's own."""
    return [
        {key: value for key, value in step.items() if key != "content"}
        if str(step.get("expect")).endswith(STATE_FILE)
        else step
        for step in SCENARIOS[name]["steps"]
    ]


@functools.cache
def outcomes(pebble: str, part: int) -> Mapping[str, str]:
    """Play a part of the scenarios against a Pebble; return the difference of each, or an empty text.

    The recording has times of an idle machine, down to a millisecond: a scenario that differs while others run is
    played once more alone.
    """
    program = PEBBLES[pebble]
    crowded = asyncio.run(pebble_replay.replay({name: steps(name) for name in PARTS[part]}, AT_ONCE, program))
    differed = {name: steps(name) for name, difference in crowded.items() if difference}
    return {**crowded, **asyncio.run(pebble_replay.replay(differed, 1, program))}


@pytest.mark.parametrize("pebble", PEBBLES)
@pytest.mark.parametrize("name", PLAYED)
def test_answers_as_recorded(pebble: str, name: str):
    part = next(number for number, names in enumerate(PARTS) if name in names)

    assert outcomes(pebble, part)[name] == ""


def test_scenarios_that_need_root_are_in_the_recording():
    assert SCENARIOS.keys() >= NEED_ROOT


def test_a_recording_without_answers_gets_them_again():
    name = "exec-combined"
    blank = [{**step, "response": {"status": 0}} if "request" in step else step for step in steps(name)]

    asyncio.run(pebble_replay.replay({name: blank}, 1, records=True))

    assert blank == steps(name)
