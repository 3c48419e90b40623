import asyncio
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from paas_local.controller import hook_tool
from paas_local.controller.hook_tool_server import Answer, ToolServer
from paas_local.juju.hook_tools.call import Request

Outcome = tuple[int | None, str, str, list[tuple[str, Request]]]

PROGRAM = Path(hook_tool.__file__)


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


def tool(folder: Path, name: str) -> str:
    program = folder / "jujuc"
    program.write_text(f"#!{sys.executable} -IS\n{PROGRAM.read_text()}")
    program.chmod(0o755)
    (folder / name).symlink_to("jujuc")
    return str(folder / name)


def test_a_tool_passes_its_call_and_prints_the_answer():
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "content").write_text("sécret")
        argv = (tool(folder, "secret-add"), f"key#file={folder}/content", "--label=l")

        code, stdout, stderr, requests = asyncio.run(call_tool(folder, *argv))

    assert (code, stdout, stderr) == (2, "out\n", "err\n")
    assert requests == [
        (
            "ctx",
            Request(
                tool="secret-add",
                arguments=(f"key#file={folder}/content", "--label=l"),
                files={f"{folder}/content": "sécret"},
            ),
        )
    ]


def test_a_dash_is_the_standard_input():
    with TemporaryDirectory() as name:
        argv = (tool(Path(name), "relation-set"), "-r", "1", "--file", "-")

        _, _, _, requests = asyncio.run(call_tool(Path(name), *argv, stdin=b'{"a": "1"}'))

    assert requests[0][1].stdin == '{"a": "1"}'


def test_jujuc_takes_the_name_of_the_tool_as_first_argument():
    with TemporaryDirectory() as name:
        argv = (sys.executable, "-IS", str(PROGRAM), "is-leader", "--format=json")

        _, _, _, requests = asyncio.run(call_tool(Path(name), *argv))

    assert (requests[0][1].tool, requests[0][1].arguments) == ("is-leader", ("--format=json",))


def test_a_tool_outside_a_hook_prints_an_error(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("JUJU_AGENT_SOCKET_ADDRESS", raising=False)

    code = hook_tool.main(["is-leader"])

    assert (code, capsys.readouterr().err) == (1, "ERROR JUJU_AGENT_SOCKET_ADDRESS not set\n")


def test_an_absent_agent_is_reported_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("JUJU_AGENT_SOCKET_ADDRESS", str(tmp_path / "s"))

    code = hook_tool.main(["is-leader"])

    assert code == 1
    assert capsys.readouterr().err == "ERROR [Errno 2] No such file or directory\n"


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


def test_files_in_arguments():
    arguments = ["--file", "a", "--file=b", "key#file=c", "--label", "d#file", "--", "e#file=f"]

    assert hook_tool.files_in(arguments) == ["a", "b", "c"]


def test_an_absent_file_is_left_to_the_agent(tmp_path: Path):
    assert hook_tool.read([str(tmp_path / "nope")]) == {}
