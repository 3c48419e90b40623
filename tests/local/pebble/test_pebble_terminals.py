"""Commands with a terminal; the recorded one is among the transcripts."""

import asyncio
from pathlib import Path
from typing import Any

import pebble_wire
import pytest

pytestmark = pytest.mark.usefixtures("client")

READY = "ready\r\n"
SHOWS = (
    "echo ready; test -t 0 && echo terminal in; test -t 1 && echo terminal out; test -t 2 && echo terminal error; cat"
)
INTERRUPTED = "trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.1; done"
"""A shell that is interrupted before it starts ``sleep`` waits for its end."""


async def talk(folder: Path, script: str, said: bytes, *, interactive: bool, end: bool = False) -> tuple[str, int]:
    """Run a shell script in a terminal, and type once it is ready; return its output and its exit code."""
    place = str(folder / "socket")
    command: dict[str, Any] = {"command": ["sh", "-c", script], "terminal": True, "interactive": interactive}
    body = {"method": "POST", "path": "/v1/exec", "json": command}
    answer = (await pebble_wire.request(connection(place), body, None))["json"]
    stdio = pebble_wire.WebSocket()
    await stdio.open(connection(place), f"/v1/tasks/{answer['result']['task-id']}/websocket/stdio")
    text = ""
    while "text" not in (frame := await asyncio.wait_for(stdio.frame(), 10)):
        text += frame["binary"]
        if text.startswith(READY):
            text = text.removeprefix(READY)
            stdio.send(2, said)
            if end:
                stdio.send(1, b'{"command": "end"}')
    stdio.hang_up()
    wait = {"method": "GET", "path": f"/v1/changes/{answer['change']}/wait", "query": [["timeout", "10s"]]}
    change = (await pebble_wire.request(connection(place), wait, None))["json"]["result"]
    return text, change["tasks"][0]["data"]["exit-code"]


def connection(place: str) -> Any:
    connected = pebble_wire.connect(place, None)
    connected.setblocking(False)
    return connected


def test_an_interactive_command_has_all_three_streams_in_the_terminal(folder: Path):
    text, code = asyncio.run(talk(folder, SHOWS, b"hello\n", interactive=True, end=True))

    assert sorted(text.split("\r\n")) == ["", "hello", "hello", "terminal error", "terminal in", "terminal out"]
    assert code == 0


def test_a_command_that_is_not_interactive_reads_a_pipe(folder: Path):
    text, code = asyncio.run(talk(folder, SHOWS, b"hello\n", interactive=False, end=True))

    assert text.split("\r\n") == ["terminal out", "terminal error", "hello", ""]
    assert code == 0


def test_control_c_interrupts_the_command_in_the_terminal(folder: Path):
    text, code = asyncio.run(talk(folder, INTERRUPTED, b"\x03", interactive=True))

    assert "interrupted" in text
    assert code == 3
