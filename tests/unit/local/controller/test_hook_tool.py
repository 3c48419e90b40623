import asyncio
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from paas_local.controller import hook_tool
from paas_local.controller.hook_tool_server import Answer, ToolServer
from paas_local.juju.hook_tools.call import Request
from paas_local.pods import containers

Outcome = tuple[int | None, str, str, list[tuple[str, Request]]]

PROGRAMS = {
    "python": containers.hook_tool_program(Path("/no/perl")),
    "perl": containers.hook_tool_program(),
}


@pytest.fixture(params=PROGRAMS)
def jujuc(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Return the program of the hook tools."""
    program = tmp_path / "jujuc"
    program.write_text(PROGRAMS[request.param])
    program.chmod(0o755)
    return program


async def call_tool(folder: Path, *argv: str, stdin: bytes = b"") -> Outcome:
    """Run the tool as a charm does; return its exit status, its output, and the requests that the server got."""
    requests: list[tuple[str, Request]] = []

    def answer(context: str, request: Request) -> Answer:
        requests.append((context, request))
        return Answer(stdout="out\n", stderr="err\n", code=2)

    server = ToolServer(folder / ("long" * 20) / "agent.socket", answer)
    (folder / ("long" * 20)).mkdir(exist_ok=True)
    await server.open()
    descriptor = os.open(folder / ("long" * 20), os.O_PATH)
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env={
                "JUJU_AGENT_SOCKET_ADDRESS": f"/proc/self/fd/{descriptor}/agent.socket",
                "JUJU_CONTEXT_ID": "ctx",
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=[descriptor],
        )
        stdout, stderr = await process.communicate(stdin)
    finally:
        os.close(descriptor)
        await server.close()
    return process.returncode, stdout.decode(), stderr.decode(), requests


def tool(jujuc: Path, name: str) -> str:
    link = jujuc.with_name(name)
    link.symlink_to(jujuc.name)
    return str(link)


def test_perl_is_preferred_because_it_starts_sooner():
    assert PROGRAMS["python"].startswith(f"#!{os.path.realpath(sys.executable)} -IS\n")
    assert PROGRAMS["perl"].startswith("#!/usr/bin/perl\n")


def test_a_tool_passes_its_call_and_prints_the_answer(jujuc: Path):
    content = jujuc.with_name("content")
    content.write_text("sécret")
    argv = (tool(jujuc, "secret-add"), f"key#file={content}", "--label=l", "naïve", "")

    code, stdout, stderr, requests = asyncio.run(call_tool(jujuc.parent, *argv))

    assert (code, stdout, stderr) == (2, "out\n", "err\n")
    assert requests == [
        (
            "ctx",
            Request(
                tool="secret-add",
                arguments=(f"key#file={content}", "--label=l", "naïve", ""),
                files={f"{content}": "sécret"},
            ),
        )
    ]


def test_a_dash_is_the_standard_input(jujuc: Path):
    argv = (tool(jujuc, "relation-set"), "-r", "1", "--file", "-")

    _, _, _, requests = asyncio.run(call_tool(jujuc.parent, *argv, stdin=b'{"a": "1"}'))

    assert requests[0][1].stdin == '{"a": "1"}'
    assert requests[0][1].files == {}


def test_jujuc_takes_the_name_of_the_tool_as_first_argument(jujuc: Path):
    _, _, _, requests = asyncio.run(call_tool(jujuc.parent, str(jujuc), "is-leader", "--format=json"))

    assert (requests[0][1].tool, requests[0][1].arguments) == ("is-leader", ("--format=json",))


def test_a_large_databag_passes(jujuc: Path):
    argv = (tool(jujuc, "relation-set"), "--file", "-")
    databag = "ä" * 500_000

    _, _, _, requests = asyncio.run(call_tool(jujuc.parent, *argv, stdin=databag.encode()))

    assert requests[0][1].stdin == databag


@pytest.mark.parametrize(
    ("environment", "error"),
    [
        pytest.param({}, "ERROR JUJU_AGENT_SOCKET_ADDRESS not set\n", id="outside of a hook"),
        pytest.param({"JUJU_AGENT_SOCKET_ADDRESS": "/no/s"}, "ERROR No such file or directory\n", id="absent agent"),
    ],
)
def test_a_tool_without_an_agent_prints_an_error(jujuc: Path, environment: dict[str, str], error: str):
    argv = [tool(jujuc, "is-leader")]

    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (1, "", error)


def test_files_are_read_from_the_arguments_that_name_one(jujuc: Path):
    for name in ("a", "b", "c 2", "d"):
        jujuc.with_name(name).write_text(name)
    folder = jujuc.parent
    named = ["--file", f"{folder}/a", f"--file={folder}/b", f"key#file={folder}/c 2", f"other#file={folder}/missing"]
    others = [f"--label=#file={folder}/d", f"{folder}/d", "--", f"key#file={folder}/d"]

    argv = (tool(jujuc, "secret-add"), *named, *others)
    _, _, _, requests = asyncio.run(call_tool(folder, *argv))

    assert requests[0][1].files == {f"{folder}/{name}": name for name in ("a", "b", "c 2")}


def test_unpack_reverses_pack():
    texts = ["", "4:text,", "naïve\n", "\udcff"]

    assert hook_tool.unpack(hook_tool.pack(texts)) == texts


@pytest.mark.parametrize("data", [b"4", b"4:tex", b"4:text", b"4:text;", b"x:text,"])
def test_an_incomplete_message_raises_value_error(data: bytes):
    with pytest.raises(ValueError, match=r"cut off|invalid literal"):
        hook_tool.unpack(b"1:a," + data)


async def closed_early(folder: Path, sent: bytes) -> bytes:
    """Send something to a server and give what it answers."""
    server = ToolServer(folder / "s", lambda _context, _request: Answer())
    await server.open()
    reader, writer = await asyncio.open_unix_connection(folder / "s")
    writer.write(sent)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await server.close()
    return answer


@pytest.mark.parametrize("sent", [b"", b"3:ctx,", b"3:ctx,9:is-lea"])
def test_an_incomplete_request_gets_no_answer(sent: bytes):
    with TemporaryDirectory() as name:
        assert asyncio.run(closed_early(Path(name), sent)) == b""


def test_an_absent_file_is_left_to_the_agent(tmp_path: Path):
    assert hook_tool.read([str(tmp_path / "nope")]) == {}
